{{/*
The chart's short name: `include "wasi-cloud.name" .`
*/}}
{{- define "wasi-cloud.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
The name of the release's objects: `include "wasi-cloud.fullname" .`
Cut to 43 characters, so that the longest suffix (`-aggregate-to-edit`, 18) and a separator fit into 63.
*/}}
{{- define "wasi-cloud.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 43 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 43 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 43 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The labels that select the operator's pods; they never change: `include "wasi-cloud.selectorLabels" .`
*/}}
{{- define "wasi-cloud.selectorLabels" -}}
app.kubernetes.io/name: {{ include "wasi-cloud.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{/*
The labels of every object: `include "wasi-cloud.labels" . | nindent 4`
*/}}
{{- define "wasi-cloud.labels" -}}
{{ include "wasi-cloud.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: wasi-cloud
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The reference of an image: `include "wasi-cloud.image" (tuple .Values.image .Chart.AppVersion)`
*/}}
{{- define "wasi-cloud.image" -}}
{{- if ne (len .) 2 -}}
{{- fail "wasi-cloud.image takes a tuple of an image's values and the default tag" -}}
{{- end -}}
{{- $image := index . 0 -}}
{{- printf "%s:%s" $image.repository (default (index . 1) $image.tag) -}}
{{- with $image.digest -}}@{{ . }}{{- end -}}
{{- end -}}

{{/*
The name of the operator's service account: `include "wasi-cloud.serviceAccountName" .`
*/}}
{{- define "wasi-cloud.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "wasi-cloud.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/*
The namespace of the leader's Lease: `include "wasi-cloud.leaseNamespace" .`
*/}}
{{- define "wasi-cloud.leaseNamespace" -}}
{{- default .Release.Namespace .Values.leaderElection.namespace -}}
{{- end -}}

{{/*
One role and its binding to the operator: `include "wasi-cloud.role" (dict "root" $ "name" "pods" "namespace" "…" "rules" $rules)`
An empty namespace makes a ClusterRole. Comes without a trailing separator.
*/}}
{{- define "wasi-cloud.role" -}}
{{- $root := .root -}}
{{- $kind := ternary "Role" "ClusterRole" (ne .namespace "") -}}
{{- $name := printf "%s-%s" (include "wasi-cloud.fullname" $root) .name -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "wasi-cloud.labels" $root | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "wasi-cloud.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "wasi-cloud.serviceAccountName" $root }}
    namespace: {{ $root.Release.Namespace }}
{{ end -}}
