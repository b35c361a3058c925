// Sluice beside existing Azure ML workspaces: three function apps, two Event Hubs namespaces, one account for the
// product's data, and every right that an identity has. infra/local/topology.py states the same facts for one machine,
// and tests/infra compares the two.
targetScope = 'resourceGroup'

@description('Begins the name of everything: lower-case letters and digits, a letter first.')
@minLength(3)
@maxLength(10)
param prefix string

param location string = resourceGroup().location
param tags object = {}

@description('Where the Azure ML workspaces are, which exist already.')
param mlSubscription string = subscription().subscriptionId
param mlResourceGroup string

@description('List of {name, stages, location, project}, any number: stages are of development, staging and production.')
param workspaces array

@description('Id of the workspace that scoring serves, where several are of stage production.')
param servingWorkspace string = ''

@description('Name of a workspace to the name of its Event Grid system topic, where one exists already.')
param systemTopics object = {}

@description('The endpoints that scoring answers: all of the workspace, also those to come, or names with commas between.')
param servingEndpoint string = '*'

@description('Share of scored requests that are captured, from 0 to 1, as text.')
param captureSampling string = '1.0'

@description('Ed25519 public key that checks approval links; python -m infra.azure.approval_key makes the pair.')
param approvalPublicKey string

@description('Ed25519 public key that checks operators\' commands, made as above. Empty: whoever may send is believed.')
param operatorPublicKey string = ''

@description('Who deploys this, for the event that says that the policy was changed.')
param deployedBy string = ''

@description('Object id of an Entra group to the persona of its members.')
param personaGroups object

@description('Client id of the app registration that people sign in to.')
param signInClientId string

@description('Azure ML datastore to the URL of the container behind it; control must be allowed to read it.')
param modelDatastores object

@description('Lists of {id, type}: who runs the command line, sends the truth, writes model packages, has files scored.')
param operators array = []
param truth array = []
param trainers array = []
param submitters array = []

@description('List of {id, type}: who runs deploy.sh and puts the signing key into the vault.')
param keyOfficers array = []

@description('Days for which evidence, seals and archive can be neither changed nor deleted.')
param evidenceDays int = 365

@description('The lives below are those of section `retention` of the policy: change both. This one: evidence.')
param evidenceLifeDays int = 3650

@description('Days after which seals are deleted, and their lists.')
param sealLifeDays int = 3650

@description('Days after which archived decisions are deleted.')
param archiveDays int = 3250

@description('Days after which captured rows are deleted.')
param captureDays int = 400

@description('Days after which labels are deleted.')
param labelDays int = 400

@description('Days after which what could not be handled or delivered is deleted; it may hold anybody\'s data.')
param letterDays int = 30

@description('E-mail addresses that Azure tells when control\'s clock stands still. Empty: it shows in Azure Monitor alone.')
param watchers array = []

@description('Diagnostic settings send with a key: true lets keys open the namespace of hub inbound, and no other.')
param inboundAllowsKeys bool = false

@description('False: all but the function apps. deploy.sh begins so, since a secret must be there before an app refers to it.')
param withApps bool = true

param storageSku string = 'Standard_ZRS'
param maximumThroughputUnits int = 4
param scoringMemoryMB int = 2048
param scoringAlwaysReady int = 1

var mlGroup = '/subscriptions/${mlSubscription}/resourceGroups/${mlResourceGroup}'
// Setting WORKSPACES of every app that knows of workspaces.
var inventory = [for each in workspaces: {
  id: '${mlGroup}/providers/Microsoft.MachineLearningServices/workspaces/${each.name}'
  stages: each.stages
  location: each.location
  project: each.project
}]
var workspaceNames = [for each in workspaces: each.name]

var token = take(uniqueString(subscription().id, resourceGroup().id, prefix), 6)
var scoped = '${prefix}-${token}'

// Who there is. An app is one identity; jobs is for the Azure ML compute, delivery for Event Grid.
resource control 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${scoped}-control'
  location: location
  tags: tags
}

resource gateway 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${scoped}-gateway'
  location: location
  tags: tags
}

resource scoring 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${scoped}-scoring'
  location: location
  tags: tags
}

resource jobs 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${scoped}-jobs'
  location: location
  tags: tags
}

resource delivery 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${scoped}-delivery'
  location: location
  tags: tags
}

var principals = {
  control: { id: control.properties.principalId, type: 'ServicePrincipal' }
  gateway: { id: gateway.properties.principalId, type: 'ServicePrincipal' }
  scoring: { id: scoring.properties.principalId, type: 'ServicePrincipal' }
  jobs: { id: jobs.properties.principalId, type: 'ServicePrincipal' }
  delivery: { id: delivery.properties.principalId, type: 'ServicePrincipal' }
}

module streams 'modules/streams.bicep' = {
  name: 'streams'
  params: {
    scoped: scoped
    location: location
    tags: tags
    principals: principals
    operators: operators
    truth: truth
    maximumThroughputUnits: maximumThroughputUnits
    inboundAllowsKeys: inboundAllowsKeys
  }
}

module data 'modules/data.bicep' = {
  name: 'data'
  params: {
    prefix: prefix
    token: token
    location: location
    tags: tags
    principals: principals
    operators: operators
    trainers: trainers
    submitters: submitters
    sku: storageSku
    evidenceDays: evidenceDays
    evidenceLifeDays: evidenceLifeDays
    sealLifeDays: sealLifeDays
    archiveDays: archiveDays
    captureDays: captureDays
    labelDays: labelDays
    letterDays: letterDays
  }
}

module observability 'modules/observability.bicep' = {
  name: 'observability'
  params: {
    prefix: scoped
    location: location
    tags: tags
    senders: [principals.control, principals.gateway, principals.scoring]
  }
}

module vault 'modules/key_vault.bicep' = {
  name: 'vault'
  params: {
    name: '${scoped}-kv'
    location: location
    tags: tags
    readers: [principals.control]
    officers: keyOfficers
  }
}

// HUB_EVENTS, `<namespace>/<hub>`, is read by our clients; the family EVENTS__... of `triggers` by the Functions host.
module controlApp 'modules/function_app.bicep' = if (withApps) {
  name: 'control'
  params: {
    name: '${scoped}-control'
    location: location
    tags: tags
    hostStorageName: '${prefix}${token}control'
    identityName: control.name
    insightsName: observability.outputs.insightsName
    // A quarter of a core; its process needs less than half of it. What is paid goes by this.
    instanceMemoryMB: 512
    maximumInstances: 100
    triggers: {
      INBOUND: streams.outputs.inboundHost
      EVENTS: streams.outputs.hubsHost
      DECISIONS: streams.outputs.hubsHost
      PREDICTIONS: streams.outputs.hubsHost
      LABELS: streams.outputs.hubsHost
    }
    settings: {
      SLUICE_STORAGE: data.outputs.blobEndpoint
      HUB_INBOUND: '${streams.outputs.inboundHost}/inbound'
      HUB_EVENTS: '${streams.outputs.hubsHost}/events'
      HUB_DECISIONS: '${streams.outputs.hubsHost}/decisions'
      HUB_PREDICTIONS: '${streams.outputs.hubsHost}/predictions'
      HUB_LABELS: '${streams.outputs.hubsHost}/labels'
      HUB_DEAD_LETTER: '${streams.outputs.hubsHost}/dead-letter'
      WORKSPACES: string(inventory)
      // The package carries it; another policy is another deployment.
      POLICY_FILE: '/home/site/wwwroot/policy.yaml'
      APPROVAL_SIGNING_KEY: '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/approval-signing-key)'
      POLICY_CHANGED_BY: deployedBy
      OPERATOR_PUBLIC_KEY: operatorPublicKey
      APPROVAL_BASE_URL: 'https://${gatewayApp!.outputs.host}'
      // Addresses of incoming webhooks hold their own password.
      NOTIFY_WEBHOOKS: '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/notify-webhooks)'
      MODEL_DATASTORES: string(modelDatastores)
      TICK: '0 * * * * *'
    }
  }
}

// The key that binds forms is all that the gateway may read: the one that signs links is control's.
module gatewaySecret 'modules/secret_reader.bicep' = if (withApps) {
  name: 'gateway-secret'
  params: {
    vaultName: vault.outputs.name
    named: 'form-key'
    reader: principals.gateway
  }
}

module gatewayApp 'modules/function_app.bicep' = if (withApps) {
  name: 'gateway'
  dependsOn: [gatewaySecret]
  params: {
    name: '${scoped}-gateway'
    location: location
    tags: tags
    hostStorageName: '${prefix}${token}gateway'
    identityName: gateway.name
    insightsName: observability.outputs.insightsName
    instanceMemoryMB: 2048
    maximumInstances: 40
    settings: {
      SLUICE_STORAGE: data.outputs.blobEndpoint
      HUB_DECISIONS: '${streams.outputs.hubsHost}/decisions'
      APPROVAL_PUBLIC_KEY: approvalPublicKey
      FORM_KEY: '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/form-key)'
      PERSONA_GROUPS: string(personaGroups)
      // Read by App Service: the identity that stands in for a client secret at sign-in.
      OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: gateway.properties.clientId
    }
  }
}

module scoringApp 'modules/function_app.bicep' = if (withApps) {
  name: 'scoring'
  params: {
    name: '${scoped}-scoring'
    location: location
    tags: tags
    hostStorageName: '${prefix}${token}scoring'
    identityName: scoring.name
    insightsName: observability.outputs.insightsName
    instanceMemoryMB: scoringMemoryMB
    maximumInstances: 100
    alwaysReady: [{ name: 'http', instanceCount: scoringAlwaysReady }]
    settings: {
      SLUICE_STORAGE: data.outputs.blobEndpoint
      HUB_PREDICTIONS: '${streams.outputs.hubsHost}/predictions'
      SERVING_ENDPOINT: servingEndpoint
      WORKSPACES: string(inventory)
      SERVING_WORKSPACE: servingWorkspace
      CAPTURE_SAMPLING: captureSampling
    }
  }
}

module signIn 'modules/sign_in.bicep' = if (withApps) {
  name: 'sign-in'
  params: {
    appName: gatewayApp!.outputs.name
    clientId: signInClientId
    openPaths: ['/health']
  }
}

module mlRole 'modules/ml_role.bicep' = {
  name: '${prefix}-ml-role'
  scope: resourceGroup(mlSubscription, mlResourceGroup)
  params: {
    prefix: prefix
    workspaces: workspaceNames
    control: principals.control
  }
}

module mlEvents 'modules/ml_events.bicep' = [for each in workspaces: {
  name: '${prefix}-events-${each.name}'
  scope: resourceGroup(mlSubscription, mlResourceGroup)
  params: {
    workspaceName: each.name
    topicName: systemTopics[?each.name] ?? '${prefix}-${each.name}'
    location: each.location
    tags: tags
    identityId: delivery.id
    hubId: streams.outputs.inboundHubId
    deadLetterAccountId: data.outputs.id
    deadLetterContainer: 'undelivered'
  }
}]

module storageEvents 'modules/storage_events.bicep' = {
  name: 'storage-events'
  params: {
    accountName: data.outputs.name
    topicName: '${scoped}-data'
    location: location
    tags: tags
    container: 'batch-in'
    identityId: delivery.id
    hubId: streams.outputs.inboundHubId
    deadLetterContainer: 'undelivered'
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    name: '${scoped}-alerts'
    tags: tags
    namespaceName: streams.outputs.inboundName
    hubName: 'inbound'
  }
}

module clockAlert 'modules/clock_alert.bicep' = if (withApps) {
  name: 'clock-alert'
  params: {
    name: '${scoped}-clock'
    location: location
    tags: tags
    logsId: observability.outputs.logsId
    appName: controlApp!.outputs.name
    watchers: watchers
  }
}

output controlApp string = withApps ? controlApp!.outputs.name : ''
output gatewayApp string = withApps ? gatewayApp!.outputs.name : ''
output scoringApp string = withApps ? scoringApp!.outputs.name : ''
output vaultUri string = vault.outputs.uri
output approvalPages string = withApps ? 'https://${gatewayApp!.outputs.host}/approvals/' : ''
output sluiceStorage string = data.outputs.blobEndpoint
output hubsHost string = streams.outputs.hubsHost
output inboundHost string = streams.outputs.inboundHost
output jobsIdentity string = jobs.id
output gatewayIdentityPrincipal string = gateway.properties.principalId
output alertsGroup string = alerts.outputs.id
