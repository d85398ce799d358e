/* place.h: where in a folder a file of a dataset lies. */
#ifndef RHO_KIT_PLACE_H
#define RHO_KIT_PLACE_H

/* FOLDER/NAME, or FOLDER/NAME.gz, or (sub not NULL) the same in FOLDER/SUB: the first that is
 * there. If none is, FOLDER/NAME, so that opening it tells what is missing. The caller frees;
 * NULL: out of memory. */
char *rho_place(const char *folder, const char *sub, const char *name);

#endif
