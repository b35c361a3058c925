// The vault of the key that signs approval links. The key itself is put in by deploy.sh, never by a template.
param name string
param location string
param tags object

@description('Lists of {id, type}: who may read the key, and who puts it in and replaces it.')
param readers array
param officers array

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var keyVaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
  }
}

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for reader in readers: {
  scope: vault
  name: guid(vault.id, reader.id, keyVaultSecretsUser)
  properties: {
    principalId: reader.id
    principalType: reader.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}]

resource mayReplace 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for officer in officers: {
  scope: vault
  name: guid(vault.id, officer.id, keyVaultSecretsOfficer)
  properties: {
    principalId: officer.id
    principalType: officer.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsOfficer)
  }
}]

output name string = vault.name
output uri string = vault.properties.vaultUri
