#ifndef KAMAJI_CLIBCURL_H
#define KAMAJI_CLIBCURL_H
#define CURL_STRICTER
#include <curl/curl.h>

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

static inline CURLMcode kmj_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

#endif
