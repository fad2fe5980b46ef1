#ifndef KAMAJI_CLIBCURL_H
#define KAMAJI_CLIBCURL_H
#define CURL_STRICTER
#include <curl/curl.h>
#include <openssl/ssl.h>

// Swift cannot call variadic functions: these are twins of curl_easy_setopt, one for each type of argument.

static inline CURLcode kmj_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

/* How many connections a transfer opened; -1 where libcurl cannot tell. */
static inline long kmj_curl_opened_connections(CURL *handle) {
    long count = -1;
    return curl_easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &count) == CURLE_OK ? count : -1;
}

static inline CURLcode kmj_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode kmj_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode kmj_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode kmj_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

/// libcurl copies the bytes.
static inline CURLcode kmj_curl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

typedef size_t (*kmj_curl_writer)(const char *bytes, size_t size, size_t count, void *context);

static inline CURLcode kmj_curl_set_writer(CURL *handle, kmj_curl_writer writer, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, writer);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

static inline CURLcode kmj_curl_set_header_reader(CURL *handle, kmj_curl_writer reader, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, reader);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}

typedef int (*kmj_curl_socket_setup)(void *context, curl_socket_t socket, curlsocktype purpose);

static inline CURLcode kmj_curl_set_socket_setup(CURL *handle, kmj_curl_socket_setup setup) {
    return curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, setup);
}

/* A moment of a transfer in seconds since its start; 0 where there was none. */
static inline double kmj_curl_seconds(CURL *handle, CURLINFO info) {
    double seconds = 0;
    return curl_easy_getinfo(handle, info, &seconds) == CURLE_OK ? seconds : 0;
}

/* One of CURL_HTTP_VERSION_*; 0 where nothing was answered. */
static inline long kmj_curl_http_version(CURL *handle) {
    long version = 0;
    return curl_easy_getinfo(handle, CURLINFO_HTTP_VERSION, &version) == CURLE_OK ? version : 0;
}

/* The address of who answered, as text; owned by the handle. */
static inline const char *kmj_curl_peer(CURL *handle) {
    const char *address = NULL;
    return curl_easy_getinfo(handle, CURLINFO_PRIMARY_IP, &address) == CURLE_OK ? address : NULL;
}

/* The certificates that the server sent; owned by the handle. */
static inline const struct curl_certinfo *kmj_curl_certificates(CURL *handle) {
    struct curl_certinfo *info = NULL;
    return curl_easy_getinfo(handle, CURLINFO_CERTINFO, &info) == CURLE_OK ? info : NULL;
}

static inline const SSL *kmj_curl_session(CURL *handle) {
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info == NULL) return NULL;
    return info->backend == CURLSSLBACKEND_OPENSSL ? (const SSL *)info->internals : NULL;
}

static inline const char *kmj_curl_tls_version(CURL *handle) {
    const SSL *session = kmj_curl_session(handle);
    return session == NULL ? NULL : SSL_get_version(session);
}

static inline const char *kmj_curl_tls_cipher(CURL *handle) {
    const SSL *session = kmj_curl_session(handle);
    const SSL_CIPHER *cipher = session == NULL ? NULL : SSL_get_current_cipher(session);
    return cipher == NULL ? NULL : SSL_CIPHER_get_name(cipher);
}

static inline CURLMcode kmj_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

#endif
