// The two Event Hubs namespaces: every hub, its consumer groups, and who may send and receive.
param scoped string
param location string
param tags object

@description('The identities of this deployment by name, each {id, type}.')
param principals object

@description('Lists of {id, type} of people and systems that are not of this deployment.')
param operators array
param truth array

param maximumThroughputUnits int
param inboundAllowsKeys bool

// Who reads which hub, as the services declare it: `python -m tests.architecture.declarations` writes the file.
var streams = loadJsonContent('../../streams.json')

// Hints from outside: a namespace of its own, so that a flood or a leaked key reaches no other hub.
module inbound 'event_hubs.bicep' = {
  name: 'inbound'
  params: {
    name: '${scoped}-inbound'
    location: location
    tags: tags
    maximumThroughputUnits: maximumThroughputUnits
    allowKeys: inboundAllowsKeys
    hubs: [
      {
        name: 'inbound'
        partitions: streams.inbound.partitions
        consumerGroups: streams.inbound.consumerGroups
        senders: [principals.delivery, principals.gateway]
        receivers: concat([principals.control], operators)
      }
    ]
  }
}

module hubs 'event_hubs.bicep' = {
  name: 'hubs'
  params: {
    name: '${scoped}-hubs'
    location: location
    tags: tags
    maximumThroughputUnits: maximumThroughputUnits
    hubs: [
      {
        name: 'events'
        partitions: streams.events.partitions
        consumerGroups: streams.events.consumerGroups
        senders: [principals.control]
        receivers: concat([principals.control], operators)
      }
      {
        name: 'decisions'
        partitions: streams.decisions.partitions
        consumerGroups: streams.decisions.consumerGroups
        senders: concat([principals.gateway], operators)
        receivers: concat([principals.control], operators)
      }
      {
        name: 'predictions'
        partitions: streams.predictions.partitions
        consumerGroups: streams.predictions.consumerGroups
        senders: [principals.scoring]
        receivers: concat([principals.control], operators)
      }
      {
        name: 'labels'
        partitions: streams.labels.partitions
        consumerGroups: streams.labels.consumerGroups
        senders: truth
        receivers: concat([principals.control], operators)
      }
      {
        name: 'dead-letter'
        partitions: streams['dead-letter'].partitions
        consumerGroups: streams['dead-letter'].consumerGroups
        senders: [principals.control]
        receivers: operators
      }
    ]
  }
}

output inboundHost string = inbound.outputs.host
output inboundName string = inbound.outputs.name
output inboundHubId string = '${inbound.outputs.id}/eventhubs/inbound'
output hubsHost string = hubs.outputs.host
