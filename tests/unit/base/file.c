#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static char dir[64];
static struct rho_buf why;
static void make_dir(void)
{
	strcpy(dir, "/tmp/rho-file-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}
static void remove_dir(void)
{
	char *command = rho_xprintf("chmod -R u+w '%s'; rm -rf '%s'", dir, dir);
	cr_assert_eq(system(command), 0);
	free(command);
	rho_buf_free(&why);
}
TestSuite(file, .init = make_dir, .fini = remove_dir);

static char *in_dir(const char *name) { return rho_xprintf("%s/%s", dir, name); }

static int entries(void)
{
	DIR *d = opendir(dir);
	int n = 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void holds(const char *path, const char *text)
{
	struct rho_buf b = { 0 };
	cr_assert_eq(rho_file_read(path, 0, &b, &why), 0, "%s", why.at);
	cr_expect_str_eq(b.at, text);
	rho_buf_free(&b);
}

Test(file, written_whole_or_not_at_all)
{
	char *path = in_dir("x");
	cr_assert_eq(rho_file_write(path, "old", 3, &why), 0);
	holds(path, "old");
	struct rho_writer *w = rho_writer_open(path, &why);
	cr_assert_not_null(w);
	cr_expect_eq(rho_writer_put(w, "ne", 2), 0);
	holds(path, "old");
	cr_expect_eq(rho_writer_put(w, "w", 1), 0);
	cr_expect_eq(rho_writer_commit(w, &why), 0);
	holds(path, "new");
	w = rho_writer_open(path, &why);
	cr_expect_eq(rho_writer_put(w, "never", 5), 0);
	rho_writer_abort(w);
	rho_writer_abort(NULL);
	holds(path, "new");
	cr_expect_eq(entries(), 1);
	struct stat st;
	mode_t mask = umask(0);
	umask(mask);
	cr_expect_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0666 & ~mask);
	free(path);
}

Test(file, pieces_keep_their_order)
{
	char *path = in_dir("x"), piece[1000];
	struct rho_buf wanted = { 0 }, got = { 0 };
	struct rho_writer *w = rho_writer_open(path, &why);
	for (int i = 0; i < 3000; i++) {
		size_t n = (size_t)(i * 37 % 1000);
		memset(piece, 'a' + i % 26, sizeof piece);
		rho_buf_add(&wanted, piece, n);
		if (i == 1500) {        /* the caller writes by itself */
			cr_assert_eq(write(rho_writer_fd(w), piece, n), (ssize_t)n);
			continue;
		}
		cr_assert_eq(rho_writer_put(w, piece, n), 0);
	}
	char *big = rho_xcalloc(1, 300000);
	rho_buf_add(&wanted, big, 300000);
	cr_assert_eq(rho_writer_put(w, big, 300000), 0);
	cr_assert_eq(rho_writer_commit(w, &why), 0);
	cr_assert_eq(rho_file_read(path, 0, &got, &why), 0);
	cr_expect(got.len == wanted.len && !memcmp(got.at, wanted.at, got.len));
	rho_buf_free(&wanted);
	rho_buf_free(&got);
	free(big);
	free(path);
}

Test(file, a_full_disk_leaves_nothing_behind)
{
	/* A limit on file size stands for the disk: writing beyond it fails, with EFBIG. */
	struct rlimit limit = { 100000, 100000 };
	char *path = in_dir("x"), *big = rho_xcalloc(1, 300000);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_eq(rho_file_write(path, big, 300000, &why), -1);
	cr_expect_not_null(strstr(why.at, "cannot be written: File too large"), "%s", why.at);
	cr_expect_eq(entries(), 0);
	cr_expect_eq(rho_file_write(path, "old", 3, &why), 0);
	cr_expect_eq(rho_file_write(path, big, 300000, &why), -1);
	holds(path, "old");
	cr_expect_eq(entries(), 1);
	free(big);
	free(path);
}

Test(file, dev_full_says_what_to_do)
{
	char *path = in_dir("x");
	struct rho_writer *w = rho_writer_open(path, &why);
	cr_assert_not_null(w);
	int full = open("/dev/full", O_WRONLY);
	if (full < 0)
		cr_skip_test("no /dev/full here");
	cr_assert_geq(dup2(full, rho_writer_fd(w)), 0);
	cr_expect_eq(rho_writer_put(w, "x", 1), -1);
	cr_expect_eq(rho_writer_put(w, "x", 1), -1);
	cr_expect_eq(rho_writer_commit(w, &why), -1);
	cr_expect_not_null(strstr(why.at, "No space left on device; free some space there, then run again"), "%s",
	                   why.at);
	cr_expect_eq(entries(), 0);
	close(full);
	free(path);
}

Test(file, a_folder_that_cannot_be_written)
{
	char *path = in_dir("no/x");
	cr_expect_eq(rho_file_write(path, "", 0, &why), -1);
	cr_expect_not_null(strstr(why.at, "/no/x cannot be written: No such file or directory"), "%s", why.at);
	if (geteuid() == 0)
		cr_skip_test("root may write anywhere");
	cr_assert_eq(chmod(dir, 0500), 0);
	free(path);
	path = in_dir("x");
	rho_buf_clear(&why);
	cr_expect_eq(rho_file_write(path, "", 0, &why), -1);
	cr_expect_not_null(strstr(why.at, "Permission denied; make it writable or choose another folder"));
	free(path);
}

Test(file, read_limits)
{
	char *path = in_dir("x");
	struct rho_buf b = { 0 };
	cr_assert_eq(rho_file_write(path, "12345", 5, &why), 0);
	rho_buf_str(&b, "0");
	cr_expect_eq(rho_file_read(path, 5, &b, &why), 0);
	cr_expect_str_eq(b.at, "012345");
	cr_expect_eq(rho_file_read(path, 4, &b, &why), -1);
	cr_expect_not_null(strstr(why.at, "/x is longer than the 4 bytes allowed here"));
	rho_buf_clear(&why);
	cr_expect_eq(rho_file_read(dir, 0, &b, &why), -1);
	cr_expect_not_null(strstr(why.at, "cannot be read: Is a directory"));
	cr_assert_eq(rho_file_write(path, "", 0, &why), 0);
	rho_buf_free(&b);
	cr_expect_eq(rho_file_read(path, 0, &b, &why), 0);
	cr_expect_str_eq(b.at, "");
	rho_buf_free(&b);
	free(path);
}

Test(file, folders)
{
	char *path = in_dir("a/b//c/"), *file = in_dir("f"), *below = in_dir("f/g");
	struct stat st;
	cr_expect_eq(rho_mkdirs(path, &why), 0);
	cr_expect(stat(path, &st) == 0 && S_ISDIR(st.st_mode));
	cr_expect_eq(rho_mkdirs(path, &why), 0);
	cr_expect_eq(rho_mkdirs("/", &why), 0);
	cr_assert_eq(rho_file_write(file, "", 0, &why), 0);
	cr_expect_eq(rho_mkdirs(below, &why), -1);
	cr_expect_not_null(strstr(why.at, "/f is in the way: a folder should be there"), "%s", why.at);
	rho_buf_clear(&why);
	cr_expect_eq(rho_mkdirs("/proc/rho", &why), -1);
	cr_expect_eq(strncmp(why.at, "the folder /proc/rho cannot be made: ", 37), 0, "%s", why.at);
	free(path), free(file), free(below);
}

Test(file, a_lock_is_waited_for)
{
	char *path = in_dir("lock"), *log = in_dir("log");
	int fd = rho_lock(path, &why), ready[2];
	cr_assert_geq(fd, 0);
	cr_assert_eq(pipe(ready), 0);
	pid_t pid = fork();
	if (!pid) {
		char byte = 'r';
		close(fd);      /* a copy of the parent's, which would hold its lock */
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		int mine = rho_lock(path, &why);
		_exit(mine < 0 || access(log, F_OK) != 0);     /* the log must be there by now */
	}
	char byte;
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	usleep(50000);
	cr_expect_eq(waitpid(pid, NULL, WNOHANG), 0);
	cr_assert_eq(rho_file_write(log, "x", 1, &why), 0);
	close(fd);
	int status;
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	cr_expect_eq(rho_lock("/nowhere/lock", &why), -1);
	cr_expect_not_null(strstr(why.at, "the lock /nowhere/lock cannot be opened"));
	free(path), free(log);
}

Test(file, a_link_stays_and_a_pipe_is_written_into)
{
	char *file = in_dir("file"), *link = in_dir("link"), *pipe = in_dir("pipe");
	struct stat st;
	char got[8] = "";
	int fd;
	cr_assert_eq(rho_file_write(file, "old", 3, &why), 0);
	cr_assert_eq(symlink("file", link), 0);
	cr_assert_eq(rho_file_write(link, "new", 3, &why), 0, "%s", why.at);
	holds(file, "new");
	cr_expect(!lstat(link, &st) && S_ISLNK(st.st_mode));
	cr_assert_eq(mkfifo(pipe, 0600), 0);
	fd = open(pipe, O_RDWR);
	cr_assert_eq(rho_file_write(pipe, "piped", 5, &why), 0, "%s", why.at);
	cr_expect_eq(read(fd, got, sizeof got), 5);
	cr_expect_str_eq(got, "piped");
	close(fd);
	cr_expect_eq(entries(), 3, "something was left behind");
	free(file);
	free(link);
	free(pipe);
}

Test(file, a_full_device_is_an_error_and_stays_a_device)
{
	struct stat st;
	cr_assert_eq(rho_file_write("/dev/full", "x", 1, &why), -1);
	cr_expect_not_null(strstr(why.at, "/dev/full cannot be written: No space left"), "%s", why.at);
	cr_expect(!stat("/dev/full", &st) && S_ISCHR(st.st_mode));
}
