#ifndef KAMAJI_CLIBCRYPT_H
#define KAMAJI_CLIBCRYPT_H
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

/* Whether hashing the phrase with the settings of `hash` gives `hash` (crypt(3)). Takes as long as the hash's cost says;
   what it worked with is wiped. */
static inline int kmj_password_matches(const char *phrase, const char *hash) {
    struct crypt_data *data = calloc(1, sizeof *data);
    if (data == NULL) return 0;
    const char *result = crypt_rn(phrase, hash, data, sizeof *data);
    size_t length = strlen(hash);
    int matches = result != NULL && strlen(result) == length;
    unsigned char difference = 0;
    if (matches) for (size_t i = 0; i < length; i++) difference |= (unsigned char)(result[i] ^ hash[i]);
    matches = matches && difference == 0;
    explicit_bzero(data, sizeof *data);
    free(data);
    return matches;
}

#endif
