// One Event Hubs namespace with its hubs.
param name string
param location string
param tags object

@minValue(1)
@maxValue(20)
param maximumThroughputUnits int

@description('True only where a sender cannot use Entra, as diagnostic settings cannot.')
param allowKeys bool = false

@description('How long a reader may be away before it loses events; 168 hours is the most that Standard keeps.')
param retentionHours int = 168

@description('List of {name, partitions, consumerGroups, senders, receivers}; see hub.bicep.')
param hubs array

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
    capacity: 1
  }
  properties: {
    disableLocalAuth: !allowKeys
    minimumTlsVersion: '1.2'
    isAutoInflateEnabled: true
    maximumThroughputUnits: maximumThroughputUnits
  }
}

module hub 'hub.bicep' = [for each in hubs: {
  name: 'hub-${each.name}'
  params: {
    namespaceName: namespace.name
    name: each.name
    partitions: each.partitions
    retentionHours: retentionHours
    consumerGroups: each.consumerGroups
    senders: each.senders
    receivers: each.receivers
  }
}]

output name string = namespace.name
output host string = '${namespace.name}.servicebus.windows.net'
output id string = namespace.id
