#ifndef KAMAJI_CLIBCURL_H
#define KAMAJI_CLIBCURL_H
#define CURL_STRICTER
#include <curl/curl.h>
#endif
