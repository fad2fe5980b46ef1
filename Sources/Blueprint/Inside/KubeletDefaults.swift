import KubeObjects

/// Kubelet's own defaults, which upstream writes into every kubelet-config (those of 1.36, whatever the tenant runs).
/// Ours leaves them out. Users' JSON patches were written against a text that has them, to take one out for an older
/// kubelet, say: so a patch finds the default of the field that it names.
enum KubeletDefaults {
    /// Gives `configuration` the defaults of the fields that `operation`, one of RFC 6902, points into.
    static func fill(_ configuration: inout JSON, for operation: JSON) {
        for member in ["path", "from"] {
            guard let field = operation[member]?.string.flatMap(JSONPointer.init)?.tokens.first,
                let known = fields[field]
            else { continue }
            configuration[field] = configuration[field].map { MergePatch.apply($0, to: known) } ?? known
        }
    }

    /// As kubelet 1.36 fills them in.
    private static let fields: [String: JSON] = [
        "address": "0.0.0.0",
        "authentication": ["webhook": ["cacheTTL": "2m0s"]],
        "authorization": ["webhook": ["cacheAuthorizedTTL": "5m0s", "cacheUnauthorizedTTL": "30s"]],
        "cgroupsPerQOS": true,
        "configMapAndSecretChangeDetectionStrategy": "Watch",
        "containerLogMaxFiles": 5,
        "containerLogMaxSize": "10Mi",
        "containerLogMaxWorkers": 1,
        "containerLogMonitorInterval": "10s",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "contentType": "application/vnd.kubernetes.protobuf",
        "cpuCFSQuota": true,
        "cpuCFSQuotaPeriod": "100ms",
        "cpuManagerPolicy": "none",
        "cpuManagerReconcilePeriod": "10s",
        "crashLoopBackOff": ["maxContainerRestartPeriod": "5m0s"],
        "enableControllerAttachDetach": true,
        "enableDebugFlagsHandler": true,
        "enableDebuggingHandlers": true,
        "enableProfilingHandler": true,
        "enableServer": true,
        "enableSystemLogHandler": true,
        "enforceNodeAllocatable": ["pods"],
        "eventBurst": 100,
        "eventRecordQPS": 50,
        "evictionPressureTransitionPeriod": "5m0s",
        "failCgroupV1": true,
        "failSwapOn": true,
        "fileCheckFrequency": "20s",
        "hairpinMode": "promiscuous-bridge",
        "httpCheckFrequency": "20s",
        "imageGCHighThresholdPercent": 85,
        "imageGCLowThresholdPercent": 80,
        "imageMaximumGCAge": "0s",
        "imageMinimumGCAge": "2m0s",
        "imagePullCredentialsVerificationPolicy": "NeverVerifyPreloadedImages",
        "iptablesDropBit": 15,
        "iptablesMasqueradeBit": 14,
        "kubeAPIBurst": 100,
        "kubeAPIQPS": 50,
        "localStorageCapacityIsolation": true,
        "logging": [
            "flushFrequency": "5s", "format": "text", "verbosity": 0,
            "options": ["json": ["infoBufferSize": "0"], "text": ["infoBufferSize": "0"]],
        ],
        "makeIPTablesUtilChains": true,
        "maxOpenFiles": 1_000_000,
        "maxPods": 110,
        "memoryManagerPolicy": "None",
        "memoryReservationPolicy": "None",
        "memorySwap": [:],
        "memoryThrottlingFactor": 0.9,
        "mergeDefaultEvictionSettings": false,
        "nodeLeaseDurationSeconds": 40,
        "nodeStatusMaxImages": 50,
        "nodeStatusReportFrequency": "5m0s",
        "nodeStatusUpdateFrequency": "10s",
        "oomScoreAdj": -999,
        "podLogsDir": "/var/log/pods",
        "podPidsLimit": -1,
        "port": 10250,
        "registerNode": true,
        "registryBurst": 10,
        "registryPullQPS": 5,
        "runtimeRequestTimeout": "2m0s",
        "seccompDefault": false,
        "serializeImagePulls": true,
        "shutdownGracePeriod": "0s",
        "shutdownGracePeriodCriticalPods": "0s",
        "streamingConnectionIdleTimeout": "4h0m0s",
        "syncFrequency": "1m0s",
        "topologyManagerPolicy": "none",
        "topologyManagerScope": "container",
        "volumePluginDir": "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/",
        "volumeStatsAggPeriod": "1m0s",
    ]
}
