#ifndef KAMAJI_CLIBSYSTEMD_H
#define KAMAJI_CLIBSYSTEMD_H
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

/* Twins with fixed arguments for what Swift cannot import: variadics, and macros with anonymous structs. */

static inline const char *kmj_bus_error_name(const sd_bus_error *error) { return error->name; }
static inline const char *kmj_bus_error_message(const sd_bus_error *error) { return error->message; }

/* EnableUnitFiles(as b b): one unit's name, for this machine's life, replacing nothing. */
static inline int kmj_append_one_name(sd_bus_message *message, const char *name) {
    return sd_bus_message_append(message, "as", 1, name);
}

static inline int kmj_append_flag(sd_bus_message *message, int value) {
    return sd_bus_message_append(message, "b", value);
}

static inline int kmj_read_job_removed(
    sd_bus_message *message, uint32_t *id, const char **job, const char **unit, const char **result) {
    return sd_bus_message_read(message, "uoss", id, job, unit, result);
}
#endif
