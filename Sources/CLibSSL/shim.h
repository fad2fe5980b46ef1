#ifndef KAMAJI_CLIBSSL_H
#define KAMAJI_CLIBSSL_H
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
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

/* TLS 1.2 at least, no handshake but the first; writes may be partial and repeated from another buffer; idle
   connections keep no buffers. */
static inline int kmj_ssl_prepare(SSL_CTX *context) {
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

static inline int kmj_ssl_add_chain_certificate(SSL *ssl, X509 *certificate) {
    return SSL_add1_chain_cert(ssl, certificate) == 1;
}

/* Whom the session trusts instead of its context; it holds the store from then on. NULL gives the store back. */
static inline int kmj_ssl_trust(SSL *ssl, X509_STORE *store) {
    return SSL_set1_verify_cert_store(ssl, store) == 1;
}

static inline int kmj_ssl_set_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}
#endif
