/* E11: writes the next decision's actions over those just posed. */
enum { SETS = 1 };
#include "base_mover.h"

CHECK_PLUGIN(RHO_ENV, env, "e11_overwrites");
