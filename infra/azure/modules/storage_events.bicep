// Files that arrive in one container of the product's account are told to hub inbound: each asks to be scored.
param accountName string
param topicName string
param location string
param tags object

@description('The container whose new blobs are told of.')
param container string

@description('Resource id of the user-assigned identity that delivers.')
param identityId string

@description('Resource id of hub inbound.')
param hubId string

@description('Container of the same account for what could not be delivered.')
param deadLetterContainer string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: accountName
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
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

resource delivery 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'sluice'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      // Without it every capture and every piece of evidence would be told of, too.
      subjectBeginsWith: '/blobServices/default/containers/${container}/blobs/'
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
          deliveryAttributeMappings: [
            {
              name: 'PartitionKey'
              type: 'Static'
              properties: {
                value: account.name
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
          resourceId: account.id
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
