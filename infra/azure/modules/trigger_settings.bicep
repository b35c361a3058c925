// How the Functions host finds the namespace of a trigger whose connection is, say, EVENTS, as an identity: by the family
// EVENTS__... There must be no setting EVENTS beside it: the host would take its value for a connection string and not
// start. Our own clients read HUB_EVENTS.
@description('Name of the connection to the host of the namespace.')
param triggers object

@description('Client id of the identity that listens.')
param clientId string

output settings object = union(
  toObject(items(triggers), each => '${each.key}__fullyQualifiedNamespace', each => each.value),
  toObject(items(triggers), each => '${each.key}__credential', each => 'managedidentity'),
  toObject(items(triggers), each => '${each.key}__clientId', each => clientId)
)
