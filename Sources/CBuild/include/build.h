#ifndef KAMAJI_BUILD_H
#define KAMAJI_BUILD_H

/// The commit that this was built from; empty where the builder did not say.
const char *kmj_build_revision(void);

#endif
