#ifndef KAMAJI_CLIBNGHTTP2_H
#define KAMAJI_CLIBNGHTTP2_H
#include <sys/types.h>
#include <nghttp2/nghttp2.h>
#endif
