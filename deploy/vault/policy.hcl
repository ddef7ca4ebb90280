# What a worker needs in Vault or OpenBao, for the key audit-snapshot in the Transit engine at transit/.
# docs/vault.md says what fails without each of these rights.

# signs manifests and checkpoints
path "transit/sign/audit-snapshot" {
  capabilities = ["update"]
}

# reads the public keys and the settings of the key
path "transit/keys/audit-snapshot" {
  capabilities = ["read"]
}
