#ifndef KAMAJI_CLIBYAML_H
#define KAMAJI_CLIBYAML_H
#include <yaml.h>
#endif
