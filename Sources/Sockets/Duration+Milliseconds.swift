extension Duration {
    /// For system calls: rounded up, so that a wait does not end just before its deadline, and a day at most.
    package var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let exact = Double(seconds) * 1000 + Double(attoseconds) / 1e15
        return Int32(min(86_400_000, max(0, exact.rounded(.up))))
    }
}
