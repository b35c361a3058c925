// One hub: its consumer groups, and who may send to it and receive from it. Nobody gets rights on a whole namespace.
param namespaceName string
param name string
param partitions int
param retentionHours int
param consumerGroups array

@description('Lists of {id, type}: object id and principal type of who may send, and of who may receive.')
param senders array
param receivers array

var eventHubsDataSender = '2b629674-e913-4c01-ae53-ef4638d8f975'
var eventHubsDataReceiver = 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: name
  properties: {
    partitionCount: partitions
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: retentionHours
    }
  }
}

resource groups 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = [for group in consumerGroups: {
  parent: hub
  name: group
}]

resource maySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for sender in senders: {
  scope: hub
  name: guid(hub.id, sender.id, eventHubsDataSender)
  properties: {
    principalId: sender.id
    principalType: sender.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataSender)
  }
}]

resource mayReceive 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for receiver in receivers: {
  scope: hub
  name: guid(hub.id, receiver.id, eventHubsDataReceiver)
  properties: {
    principalId: receiver.id
    principalType: receiver.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataReceiver)
  }
}]

output id string = hub.id
