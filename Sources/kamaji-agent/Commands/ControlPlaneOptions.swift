import ArgumentParser

/// What "kubeadm join" takes besides, so that who changes one word of it is told what is another here.
struct ControlPlaneOptions: ParsableArguments {
    @Flag var controlPlane = false
    @Option var certificateKey: String?
    @Option var apiserverAdvertiseAddress: String?
    @Option var apiserverBindPort: UInt16?

    /// Of kubeadm's own log; nothing more could be said here than is said anyway.
    @Option(name: [.customShort("v"), .customLong("v")]) var verbosity: Int?

    /// - Throws: where a machine shall become part of a control plane. kubeadm has no use for the other flags without
    ///   `--control-plane` either, and says nothing of them.
    func refuse() throws {
        guard !controlPlane else {
            throw ValidationError(
                "--control-plane: a tenant's control plane is its manager's, and kamaji-agent joins workers only")
        }
    }
}
