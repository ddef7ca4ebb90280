# Added to the policies of worker, job service and command line if payloads in Temporal are encrypted
# (TEMPORAL_CODEC_SECRET=secret/data/audit-snapshot): reads the keys.
path "secret/data/audit-snapshot" {
  capabilities = ["read"]
}
