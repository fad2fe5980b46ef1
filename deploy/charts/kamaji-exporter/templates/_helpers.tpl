{{- define "kamaji-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "kamaji-exporter.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "kamaji-exporter.name" . }}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "kamaji-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kamaji-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: exporter
{{- end }}

{{- define "kamaji-exporter.labels" -}}
{{ include "kamaji-exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "kamaji-exporter.serviceAccountName" -}}
{{- default (ternary (include "kamaji-exporter.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "kamaji-exporter.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "kamaji-exporter.claim" -}}
{{- default (printf "%s-history" (include "kamaji-exporter.fullname" .)) .Values.persistence.existingClaim }}
{{- end }}

{{- /* Where alerts send their reader. */ -}}
{{- define "kamaji-exporter.runbooks" -}}
{{- default (printf "http://%s.%s.svc:%v/runbooks" (include "kamaji-exporter.fullname" .) .Release.Namespace .Values.service.port) .Values.prometheusRule.runbookBase | trimSuffix "#" }}
{{- end }}
