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
        partitions: 2
        consumerGroups: ['intake', 'observers']
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
        partitions: 2
        consumerGroups: [
          'registration'
          'staging'
          'approvals'
          'promotion'
          'rollback'
          'monitoring'
          'drift'
          'retraining'
          'batch'
          'notifications'
          'brakes'
          'observers'
        ]
        senders: [principals.control]
        receivers: concat([principals.control], operators)
      }
      {
        name: 'decisions'
        partitions: 2
        consumerGroups: ['approvals', 'brakes', 'rollback', 'observers']
        senders: concat([principals.gateway], operators)
        receivers: concat([principals.control], operators)
      }
      {
        name: 'predictions'
        partitions: 2
        consumerGroups: ['monitoring', 'promotion', 'rollback', 'observers']
        senders: [principals.scoring]
        receivers: concat([principals.control], operators)
      }
      {
        name: 'labels'
        partitions: 2
        consumerGroups: ['monitoring', 'observers']
        senders: truth
        receivers: concat([principals.control], operators)
      }
      {
        name: 'dead-letter'
        partitions: 2
        consumerGroups: ['observers']
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
