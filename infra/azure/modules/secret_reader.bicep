// Who may read one secret of the vault and no other. The secret must be there: deploy.sh puts it in before the apps come.
param vaultName string
param named string

@description('{id, type} of the reader.')
param reader object

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' existing = {
  parent: vault
  name: named
}

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: secret
  name: guid(secret.id, reader.id, keyVaultSecretsUser)
  properties: {
    principalId: reader.id
    principalType: reader.type
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}
