import Systemd
import Testing

@Suite struct ServiceNotificationTests {
    @Test func `each message is what sd_notify expects`() {
        #expect(ServiceNotification.ready.text == "READY=1")
        #expect(ServiceNotification.stopping.text == "STOPPING=1")
        #expect(ServiceNotification.alive.text == "WATCHDOG=1")
        #expect(ServiceNotification.extendTimeout(.seconds(3)).text == "EXTEND_TIMEOUT_USEC=3000000")
        #expect(ServiceNotification.reloading.text.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    }

    @Test func `a status cannot smuggle in another field`() {
        #expect(ServiceNotification.status("joined\nREADY=1\r\nX=1").text == "STATUS=joined READY=1 X=1")
    }
}
