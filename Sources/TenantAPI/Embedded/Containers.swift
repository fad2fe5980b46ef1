import KubeObjects

/// v1.Container and what stands in it.
extension Embedded {
    static let container: SchemaNode =
        .object("A container.") {
            optional("args", .strings("Arguments; the image's when absent.").atomic())
            optional("command", .strings("What is run; the image's entrypoint when absent.").atomic())
            optional("env", .array("Environment variables.", of: environmentVariable).keyed(by: "name"))
            optional("envFrom", .array("Sources whose every key becomes a variable.", of: environmentSource).atomic())
            optional("image", .string("The image."))
            optional("imagePullPolicy", .string("Always, Never or IfNotPresent."))
            optional(
                "lifecycle",
                .object("What is done after start and before stop.") {
                    optional("postStart", lifecycleHandler("After the container has started."))
                    optional("preStop", lifecycleHandler("Before the container is told to stop."))
                    optional("stopSignal", .string("Signal that tells it to stop."))
                })
            optional("livenessProbe", probe("When it is restarted."))
            required("name", .string("Its name, a DNS label.").length(max: 63))
            optional(
                "ports",
                .array("Ports that it listens on.", of: containerPort)
                    .keyed(by: "containerPort", "protocol"))
            optional("readinessProbe", probe("When it is given requests."))
            optional(
                "resizePolicy",
                .array(
                    "What a change of its resources asks for.",
                    of: .object("One resource.") {
                        required("resourceName", .string("The resource."))
                        required("restartPolicy", .string("NotRequired or RestartContainer."))
                    }
                ).atomic())
            optional("resources", resourceRequirements("What it may use."))
            optional("restartPolicy", .string("When it is restarted; Always makes an init container run on."))
            optional("restartPolicyRules", .array("Exit codes that are answered otherwise.", of: restartRule).atomic())
            optional("securityContext", securityContext("Its security settings."))
            optional("startupProbe", probe("How long it may take to start."))
            optional("stdin", .boolean("Whether it has a standard input."))
            optional("stdinOnce", .boolean("Whether that closes after its first client."))
            optional("terminationMessagePath", .string("File whose content is its last message."))
            optional("terminationMessagePolicy", .string("File or FallbackToLogsOnError."))
            optional("tty", .boolean("Whether it has a terminal."))
            optional(
                "volumeDevices",
                .array(
                    "Block devices.",
                    of: .object("One device.") {
                        required("devicePath", .string("Its path in the container."))
                        required("name", .string("Name of a persistent volume claim in the pod."))
                    }
                ).keyed(by: "devicePath"))
            optional("volumeMounts", .array("Mounts of the pod's volumes.", of: volumeMount).keyed(by: "mountPath"))
            optional("workingDir", .string("Its working directory; the image's when absent."))
        }

    static let volumeMount: SchemaNode =
        .object("A mount of one of the pod's volumes.") {
            required("mountPath", .string("Path in the container, without `:`.").length(max: 1024))
            optional("mountPropagation", .string("None, HostToContainer or Bidirectional."))
            required("name", .string("Name of the volume.").length(max: 63))
            optional("readOnly", .boolean("Whether it is read only."))
            optional("recursiveReadOnly", .string("The same for mounts below: Disabled, IfPossible or Enabled."))
            optional("subPath", .string("Path in the volume; its root when absent."))
            optional("subPathExpr", .string("The same, with $(VARIABLE) expanded."))
        }

    private static let environmentVariable: SchemaNode =
        .object("One variable.") {
            required("name", .string("Its name."))
            optional("value", .string("Its value, with $(VARIABLE) expanded."))
            optional(
                "valueFrom",
                .object("Where its value comes from.") {
                    optional("configMapKeyRef", keyReference("A key of a ConfigMap."))
                    optional("fieldRef", fieldReference("A field of the pod."))
                    optional(
                        "fileKeyRef",
                        .object("A key in a file of a volume.") {
                            required("key", .string("The key."))
                            optional("optional", .boolean("Whether it may be missing.").default(false))
                            required("path", .string("Path of the file in the volume."))
                            required("volumeName", .string("Name of the volume."))
                        }.atomic())
                    optional("resourceFieldRef", resourceFieldReference("A resource of a container."))
                    optional("secretKeyRef", keyReference("A key of a Secret."))
                })
        }

    private static let environmentSource: SchemaNode =
        .object("One source.") {
            optional("configMapRef", wholeReference("A ConfigMap."))
            optional("prefix", .string("Stands before each key."))
            optional("secretRef", wholeReference("A Secret."))
        }

    private static func wholeReference(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("name", .string("Its name.").default(""))
            optional("optional", .boolean("Whether it may be missing."))
        }.atomic()
    }

    private static let containerPort: SchemaNode =
        .object("One port.") {
            required("containerPort", .int32("Its number."))
            optional("hostIP", .string("Address of the node that it is bound to."))
            optional("hostPort", .int32("Port of the node that leads to it."))
            optional("name", .string("Its name."))
            optional("protocol", .string("UDP, TCP or SCTP.").default("TCP"))
        }

    private static let restartRule: SchemaNode =
        .object("One rule.") {
            required("action", .string("Restart."))
            optional(
                "exitCodes",
                .object("Which exit codes.") {
                    required("operator", .string("In or NotIn."))
                    optional("values", .array("The codes.", of: .int32()).uniqueItems())
                })
        }

    private static func lifecycleHandler(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("exec", exec)
            optional("httpGet", httpGet)
            optional("sleep", .object("Wait.") { required("seconds", .int64("How long.")) })
            optional("tcpSocket", tcpSocket)
        }
    }

    private static func probe(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("exec", exec)
            optional("failureThreshold", .int32("Failures in a row that make a failure."))
            optional(
                "grpc",
                .object("Ask a gRPC health service.") {
                    required("port", .int32("Its port."))
                    optional("service", .string("Name of the service that is asked about.").default(""))
                })
            optional("httpGet", httpGet)
            optional("initialDelaySeconds", .int32("Seconds to the first probe."))
            optional("periodSeconds", .int32("Seconds from one probe to the next."))
            optional("successThreshold", .int32("Successes in a row that make a success."))
            optional("tcpSocket", tcpSocket)
            optional("terminationGracePeriodSeconds", .int64("Seconds that it is given to stop on a failure."))
            optional("timeoutSeconds", .int32("Seconds that an answer may take."))
        }
    }

    private static let exec: SchemaNode =
        .object("Run a command in the container.") {
            optional("command", .strings("The command, without a shell.").atomic())
        }

    private static let httpGet: SchemaNode =
        .object("Send an HTTP request.") {
            optional("host", .string("Host; the pod when absent."))
            optional(
                "httpHeaders",
                .array(
                    "Headers.",
                    of: .object("One header.") {
                        required("name", .string("Its name."))
                        required("value", .string("Its value."))
                    }
                ).atomic())
            optional("path", .string("Path."))
            required("port", .intOrString("Port, by number or name."))
            optional("scheme", .string("HTTP or HTTPS."))
        }

    private static let tcpSocket: SchemaNode =
        .object("Open a connection.") {
            optional("host", .string("Host; the pod when absent."))
            required("port", .intOrString("Port, by number or name."))
        }
}
