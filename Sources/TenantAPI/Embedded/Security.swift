/// Security settings of containers and pods, and what they may use.
extension Embedded {
    static func securityContext(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("allowPrivilegeEscalation", .boolean("Whether a process may gain more than its parent has."))
            optional("appArmorProfile", profile("AppArmor profile."))
            optional(
                "capabilities",
                .object("Capabilities beside the runtime's defaults.") {
                    optional("add", .strings("To add.").atomic())
                    optional("drop", .strings("To take away.").atomic())
                })
            optional("privileged", .boolean("Whether the container is as good as root on its node."))
            optional("procMount", .string("What /proc shows: Default or Unmasked."))
            optional("readOnlyRootFilesystem", .boolean("Whether the image's files are read only."))
            optional("runAsGroup", .int64("Group ID of the processes."))
            optional("runAsNonRoot", .boolean("Whether root is refused."))
            optional("runAsUser", .int64("User ID of the processes."))
            optional("seLinuxOptions", seLinuxOptions)
            optional("seccompProfile", profile("seccomp profile."))
            optional("windowsOptions", windowsOptions)
        }
    }

    static func podSecurityContext(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("appArmorProfile", profile("AppArmor profile."))
            optional("fsGroup", .int64("Group ID that volumes belong to."))
            optional("fsGroupChangePolicy", .string("When volumes are given to it: OnRootMismatch or Always."))
            optional("runAsGroup", .int64("Group ID of the processes."))
            optional("runAsNonRoot", .boolean("Whether root is refused."))
            optional("runAsUser", .int64("User ID of the processes."))
            optional("seLinuxChangePolicy", .string("How volumes are labelled: MountOption or Recursive."))
            optional("seLinuxOptions", seLinuxOptions)
            optional("seccompProfile", profile("seccomp profile."))
            optional("supplementalGroups", .array("Further groups of the processes.", of: .int64()).atomic())
            optional("supplementalGroupsPolicy", .string("Whether the image's groups count: Merge or Strict."))
            optional(
                "sysctls",
                .array(
                    "Kernel settings of the pod.",
                    of: .object("One setting.") {
                        required("name", .string("Its name."))
                        required("value", .string("Its value."))
                    }
                ).atomic())
            optional("windowsOptions", windowsOptions)
        }
    }

    private static func profile(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional("localhostProfile", .string("Name of a profile on the node, for type Localhost."))
            required("type", .string("Localhost, RuntimeDefault or Unconfined."))
        }
    }

    private static let seLinuxOptions: SchemaNode =
        .object("SELinux label.") {
            for name in ["level", "role", "type", "user"] { optional(name, .string("The label's \(name).")) }
        }

    private static let windowsOptions: SchemaNode =
        .object("Settings on Windows nodes.") {
            optional("gmsaCredentialSpec", .string("Contents of the GMSA credential spec."))
            optional("gmsaCredentialSpecName", .string("Name of the GMSA credential spec."))
            optional("hostProcess", .boolean("Whether the container is a host process."))
            optional("runAsUserName", .string("User name of the processes."))
        }

    static func resourceRequirements(_ summary: String) -> SchemaNode {
        .object(summary) {
            optional(
                "claims",
                .array(
                    "Claims of the pod that the container uses.",
                    of: .object("One claim.") {
                        required("name", .string("Its name in the pod."))
                        optional("request", .string("The one request of it that is meant; all when absent."))
                    }
                ).keyed(by: "name"))
            optional("limits", .map("The most that may be used, by resource.", of: quantity()))
            optional("requests", .map("What is set aside, by resource.", of: quantity()))
        }
    }
}
