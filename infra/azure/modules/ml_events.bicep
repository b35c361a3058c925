// The events of one Azure ML workspace go to hub inbound. What cannot be delivered within a day lies in a container.
targetScope = 'resourceGroup'

param workspaceName string
param tags object

@description('Where the workspace is: a system topic lies in the region of its source.')
param location string

@description('Azure allows one system topic for each source: give the name of the present one, if there is one.')
param topicName string

@description('Resource id of the user-assigned identity that delivers.')
param identityId string

@description('Resource id of hub inbound.')
param hubId string

@description('Resource id of the account, and its container, for what could not be delivered.')
param deadLetterAccountId string
param deadLetterContainer string

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-09-01' existing = {
  name: workspaceName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    source: workspace.id
    topicType: 'Microsoft.MachineLearningServices.Workspaces'
  }
}

resource delivery 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'sluice'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: [
        'Microsoft.MachineLearningServices.ModelRegistered'
        'Microsoft.MachineLearningServices.RunCompleted'
        'Microsoft.MachineLearningServices.RunStatusChanged'
      ]
    }
    deliveryWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identityId
      }
      destination: {
        endpointType: 'EventHub'
        properties: {
          resourceId: hubId
          // One workspace's events stay in order, which holds within a partition only. An id is longer than 128 characters,
          // the most that a key may have.
          deliveryAttributeMappings: [
            {
              name: 'PartitionKey'
              type: 'Static'
              properties: {
                value: workspace.name
                isSecret: false
              }
            }
          ]
        }
      }
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'UserAssigned'
        userAssignedIdentity: identityId
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: deadLetterAccountId
          blobContainerName: deadLetterContainer
        }
      }
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
  }
}
