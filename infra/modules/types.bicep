// Shapes that several modules share.

@export()
type tagMap = { *: string }

@export()
@description('A host and the queues it reads and writes.')
type hostAccess = { identity: string, receives: string[], sends: string[] }

@export()
@description('Environment variables of a container, by name.')
type settingMap = { *: string }

@export()
@description('What a container gets. The profile is one of the environment: Consumption, or gpu.')
type replicaSize = { profile: string, cpu: string, memory: string }

@export()
@description('Identities of a container host: its own, one that pulls its image and one that counts its messages. Code in the container can use the first only.')
type containerIdentities = { own: string, pull: string, scaler: string }

@export()
type identityNameSet = { functions: string, worker: string, learner: string, pull: string, scaler: string }
