#ifndef KAMAJI_CLIBSQLITE_H
#define KAMAJI_CLIBSQLITE_H
#include <sqlite3.h>
#endif
