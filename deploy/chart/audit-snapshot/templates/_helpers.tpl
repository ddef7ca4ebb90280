{{- define "audit-snapshot.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Called with (dict "root" $ "component" "worker"). */}}
{{- define "audit-snapshot.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "audit-snapshot.labels" -}}
{{ include "audit-snapshot.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "audit-snapshot.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* What every pod has in common, except its containers and its secrets. */}}
{{- define "audit-snapshot.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "audit-snapshot.container" -}}
image: {{ include "audit-snapshot.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{/* Called with (dict "root" $ "secrets" <names> "settings" <map>): the settings, and the path of each secret's file. */}}
{{- define "audit-snapshot.env" -}}
{{- range $name, $value := merge (dict) .settings .root.Values.settings }}
{{- if ne (toString $value) "" }}
- { name: {{ $name }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- end }}
{{- range .secrets }}
{{- if hasKey $.root.Values.secrets . }}
- { name: {{ . }}_FILE, value: /run/secrets/audit-snapshot/{{ . }} }
{{- end }}
{{- end }}
{{- end -}}

{{- define "audit-snapshot.mounts" -}}
- { name: secrets, mountPath: /run/secrets/audit-snapshot, readOnly: true }
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The files belong to root and the group of the pod, and only these may read them. */}}
{{- define "audit-snapshot.volumes" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range $name := .secrets }}
      {{- with get $.root.Values.secrets $name }}
      - secret: { name: {{ .secret }}, items: [{ key: {{ .key | quote }}, path: {{ $name }} }] }
      {{- end }}
      {{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Called with (dict "root" $ "component" "worker"): prefers different nodes for the pods of one component. */}}
{{- define "audit-snapshot.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{ include "audit-snapshot.selector" . | nindent 6 }}
{{- end -}}
