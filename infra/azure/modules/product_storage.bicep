// The account of the product's data: keys are off, every version of a blob is kept, and each grant is on one container
// or table.
param name string
param location string
param tags object
param sku string

@description('Role definition ids; see storage_roles.bicep.')
param roles object

@description('List of {name, readers, writers, creators, immutableDays, lifeDays}; see container.bicep. lifeDays 0: kept.')
param containers array

@description('List of {name, readers, writers}; see table.bicep.')
param tables array

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

// A blob, and each former version of it, so many days after it was written; soft deletion adds its 14 days.
resource lives 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [for each in filter(containers, container => container.lifeDays > 0): {
        name: 'life-of-${each.name}'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: {
            blobTypes: ['blockBlob']
            prefixMatch: ['${each.name}/']
          }
          actions: {
            baseBlob: {
              delete: {
                daysAfterModificationGreaterThan: each.lifeDays
              }
            }
            version: {
              delete: {
                daysAfterCreationGreaterThan: each.lifeDays
              }
            }
          }
        }
      }]
    }
  }
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = {
  parent: account
  name: 'default'
}

module container 'container.bicep' = [for each in containers: {
  name: 'container-${each.name}'
  dependsOn: [blobs]
  params: {
    accountName: account.name
    name: each.name
    roles: roles
    readers: each.readers
    writers: each.writers
    creators: each.creators
    immutableDays: each.immutableDays
  }
}]

module table 'table.bicep' = [for each in tables: {
  name: 'table-${each.name}'
  dependsOn: [tableService]
  params: {
    accountName: account.name
    name: each.name
    readers: each.readers
    writers: each.writers
  }
}]

output id string = account.id
output blobEndpoint string = account.properties.primaryEndpoints.blob
