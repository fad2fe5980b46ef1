#include "build.h"

#define TEXT(word) #word
#define TEXT_OF(word) TEXT(word)

const char *kmj_build_revision(void) {
#ifdef KAMAJI_REVISION
    return TEXT_OF(KAMAJI_REVISION);
#else
    return "";
#endif
}
