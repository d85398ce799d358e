/* good_mover.c: an environment whose actions move, without fault. */
enum { SETS = 2 };
#include "base_mover.h"

CHECK_PLUGIN(RHO_ENV, env, "good_mover");
