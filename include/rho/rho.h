/* rho/rho.h: everything a plugin author needs. */
#pragma once
#include "dataset.h"
#include "encoder.h"
#include "sampler.h"
#include "env.h"
#include "verifier.h"
#include "reporter.h"
