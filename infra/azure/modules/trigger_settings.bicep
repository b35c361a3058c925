// How the Functions host finds the namespace of a trigger whose connection is, say, EVENTS, as an identity.
//
// Our own clients read setting EVENTS, `<namespace>/<hub>`. The host would take that value for a connection string and
// never look at EVENTS__fullyQualifiedNamespace. It looks for AzureWebJobsEVENTS first, so its settings have that name.
@description('Name of the connection to the host of the namespace.')
param triggers object

@description('Client id of the identity that listens.')
param clientId string

output settings object = union(
  toObject(items(triggers), each => 'AzureWebJobs${each.key}__fullyQualifiedNamespace', each => each.value),
  toObject(items(triggers), each => 'AzureWebJobs${each.key}__credential', each => 'managedidentity'),
  toObject(items(triggers), each => 'AzureWebJobs${each.key}__clientId', each => clientId)
)
