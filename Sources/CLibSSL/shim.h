#ifndef KAMAJI_CLIBSSL_H
#define KAMAJI_CLIBSSL_H
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* Twins with fixed arguments for what Swift cannot import: macros, variadics and typed stacks. */

static inline EVP_PKEY *kmj_generate_ec_key(const char *curve) {
    return EVP_EC_gen(curve);
}

static inline EVP_PKEY *kmj_generate_rsa_key(size_t bits) {
    return EVP_RSA_gen(bits);
}

static inline long kmj_bio_contents(BIO *bio, char **start) {
    return BIO_get_mem_data(bio, start);
}

static inline void kmj_free(void *memory) {
    OPENSSL_free(memory);
}

static inline void kmj_clear_free(void *memory, size_t length) {
    OPENSSL_clear_free(memory, length);
}

static inline int kmj_error_reason(unsigned long error) {
    return ERR_GET_REASON(error);
}

static inline int kmj_error_library(unsigned long error) {
    return ERR_GET_LIB(error);
}

static inline int kmj_general_names_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}

static inline GENERAL_NAME *kmj_general_names_at(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

static inline int kmj_general_names_append(GENERAL_NAMES *names, GENERAL_NAME *name) {
    return sk_GENERAL_NAME_push(names, name);
}

static inline int kmj_extended_key_usage_count(const EXTENDED_KEY_USAGE *usages) {
    return sk_ASN1_OBJECT_num(usages);
}

static inline ASN1_OBJECT *kmj_extended_key_usage_at(const EXTENDED_KEY_USAGE *usages, int index) {
    return sk_ASN1_OBJECT_value(usages, index);
}

static inline int kmj_extended_key_usage_append(EXTENDED_KEY_USAGE *usages, ASN1_OBJECT *usage) {
    return sk_ASN1_OBJECT_push(usages, usage);
}

static inline void kmj_extensions_free(STACK_OF(X509_EXTENSION) *extensions) {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
#endif
