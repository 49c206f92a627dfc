/* The head of an AppImage (type 2): mounts the squashfs that follows it in the same file and starts AppRun in it.
 *
 * Built by packaging/build.py of what Debian packages: libsquashfuse (BSD-2-Clause), libfuse3 (LGPL-2.1, linked statically; this
 * file and build.py are what is needed to link it anew), zlib, xz, lz4, zstd. LZO, which is under the GPL, is left out.
 *
 *   --appimage-offset     print where the squashfs begins
 *   --appimage-extract    unpack into ./squashfs-root
 *   --appimage-mount      mount, print the place, stay until interrupted
 *   --appimage-version    print the type
 *
 * Without FUSE the files are unpacked into a private temporary folder, which is removed afterwards.
 */
#include <squashfuse/ll.h>
#include <squashfuse/traverse.h>
#include <squashfuse/util.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* No image of ours is packed with LZO, and its library is under the GPL. */
int lzo1x_decompress_safe(const unsigned char *in, size_t size, unsigned char *out, size_t *room, void *memory) {
    (void)in, (void)size, (void)out, (void)room, (void)memory;
    return -1;
}

static char self[PATH_MAX];
static char place[PATH_MAX];

static size_t squashfs_offset(void) {
    Elf64_Ehdr head;
    FILE *file = fopen(self, "rb");
    if (!file || fread(&head, sizeof head, 1, file) != 1) {
        perror(self);
        exit(127);
    }
    fclose(file);
    return head.e_shoff + (size_t)head.e_shentsize * head.e_shnum;
}

static void make_place(void) {
    const char *folder = getenv("TMPDIR");
    snprintf(place, sizeof place, "%s/.mount_medviewXXXXXX", folder && *folder == '/' ? folder : "/tmp");
    if (!mkdtemp(place)) {
        perror(place);
        exit(127);
    }
}

/* --- Unpacking ------------------------------------------------------------------------------------------------- */

static int unpack_file(sqfs *fs, sqfs_inode *inode, const char *path) {
    static char piece[1 << 20];
    int out = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW, inode->base.mode & 0777);
    if (out < 0) return -1;
    for (sqfs_off_t at = 0; at < (sqfs_off_t)inode->xtra.reg.file_size;) {
        sqfs_off_t got = sizeof piece;
        if (sqfs_read_range(fs, inode, at, &got, piece) || got <= 0 || write(out, piece, (size_t)got) != got) {
            close(out);
            return -1;
        }
        at += got;
    }
    return close(out);
}

static int unpack(const char *target) {
    sqfs fs;
    sqfs_traverse walk;
    sqfs_err error = SQFS_OK;
    char path[PATH_MAX];
    if (sqfs_open_image(&fs, self, squashfs_offset())) return -1;
    if (sqfs_traverse_open(&walk, &fs, sqfs_inode_root(&fs))) return -1;
    while (sqfs_traverse_next(&walk, &error)) {
        sqfs_inode inode;
        if (walk.dir_end) continue;
        if (snprintf(path, sizeof path, "%s/%s", target, walk.path) >= (int)sizeof path) return -1;
        if (sqfs_inode_get(&fs, &inode, sqfs_dentry_inode(&walk.entry))) return -1;
        if (S_ISDIR(inode.base.mode)) {
            if (mkdir(path, 0755) && errno != EEXIST) return -1;
        } else if (S_ISLNK(inode.base.mode)) {
            size_t size = 0;
            char *to;
            if (sqfs_readlink(&fs, &inode, NULL, &size) || !(to = malloc(size))) return -1;
            if (sqfs_readlink(&fs, &inode, to, &size) || (symlink(to, path) && errno != EEXIST)) return -1;
            free(to);
        } else if (S_ISREG(inode.base.mode)) {
            if (unpack_file(&fs, &inode, path)) return -1;
        }
    }
    sqfs_traverse_close(&walk);
    sqfs_fd_close(fs.fd);
    return error ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *where) {
    (void)found, (void)kind, (void)where;
    return remove(path);
}

static void remove_place(void) { nftw(place, remove_one, 32, FTW_DEPTH | FTW_PHYS); }

/* --- Mounting -------------------------------------------------------------------------------------------------- */

static int alive[2]; /* Its writing end is open in everything that was started; when the last is gone, the mount goes. */
static struct fuse_session *session;

static void *wait_for_end(void *nothing) {
    char byte;
    (void)nothing;
    while (read(alive[0], &byte, 1) > 0 || errno == EINTR) {
    }
    fuse_session_exit(session);
    /* The loop is woken by a look at the mount. */
    struct stat found;
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/AppRun", place);
    lstat(path, &found);
    return NULL;
}

/* Serve the mount; a byte is written to ``ready`` when it stands. Returns only when it could not be mounted or is gone. */
static int serve(int ready) {
    struct fuse_args arguments = FUSE_ARGS_INIT(0, NULL);
    struct fuse_lowlevel_ops ops = {
        .getattr = sqfs_ll_op_getattr,
        .opendir = sqfs_ll_op_opendir,
        .releasedir = sqfs_ll_op_releasedir,
        .readdir = sqfs_ll_op_readdir,
        .lookup = sqfs_ll_op_lookup,
        .open = sqfs_ll_op_open,
        .create = sqfs_ll_op_create,
        .release = sqfs_ll_op_release,
        .read = sqfs_ll_op_read,
        .readlink = sqfs_ll_op_readlink,
        .forget = sqfs_ll_op_forget,
        .statfs = stfs_ll_op_statfs,
    };
    sqfs_ll_chan channel;
    pthread_t watcher;
    sqfs_ll *files = sqfs_ll_open(self, squashfs_offset());
    if (!files) return 1;
    fuse_opt_add_arg(&arguments, "medview.AppImage");
    fuse_opt_add_arg(&arguments, "-oro,nosuid,nodev,fsname=medview,subtype=squashfuse");
    if (sqfs_ll_mount(&channel, place, &arguments, &ops, sizeof ops, files)) return 1;
    session = channel.session;
    if (write(ready, "+", 1) != 1) return 1;
    close(ready);
    close(alive[1]);
    pthread_create(&watcher, NULL, wait_for_end, NULL);
    fuse_session_loop(session);
    sqfs_ll_unmount(&channel, place);
    sqfs_ll_destroy(files);
    rmdir(place);
    return 0;
}

/* Whether the image is mounted at ``place``, served by a process of its own. */
static int mounted(void) {
    int ready[2];
    char byte = 0;
    if (access("/dev/fuse", R_OK | W_OK) || getenv("APPIMAGE_EXTRACT_AND_RUN")) return 0;
    if (pipe(ready) || pipe(alive)) return 0;
    pid_t server = fork();
    if (server == 0) {
        /* Away from the terminal's interrupts, and no child of whoever becomes AppRun. */
        setsid();
        if (fork()) _exit(0);
        close(ready[0]);
        fcntl(alive[0], F_SETFD, FD_CLOEXEC);
        _exit(serve(ready[1]));
    }
    waitpid(server, NULL, 0);
    close(ready[1]);
    close(alive[0]);
    if (read(ready[0], &byte, 1) != 1) byte = 0;
    close(ready[0]);
    return byte == '+';
}

static int start(char **arguments) {
    char program[PATH_MAX + 8];
    snprintf(program, sizeof program, "%s/AppRun", place);
    setenv("APPDIR", place, 1);
    setenv("APPIMAGE", self, 1);
    setenv("ARGV0", arguments[0], 1);
    execv(program, arguments);
    perror(program);
    return 127;
}

static volatile pid_t child;
static volatile sig_atomic_t ended;

/* A session that ends asks us to end, not the program: it is passed on, and what was unpacked is still removed. */
static void pass_on(int number) {
    ended = number;
    if (child > 0) kill(child, number);
}

int main(int count, char **arguments) {
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0) {
        perror("/proc/self/exe");
        return 127;
    }
    self[size] = 0;
    const char *first = count > 1 ? arguments[1] : "";
    if (!strcmp(first, "--appimage-offset")) return printf("%zu\n", squashfs_offset()) < 0;
    if (!strcmp(first, "--appimage-version")) return puts("type 2, medview's own runtime") < 0;
    if (!strcmp(first, "--appimage-extract")) {
        if ((mkdir("squashfs-root", 0755) && errno != EEXIST) || unpack("squashfs-root")) {
            perror("squashfs-root");
            return 1;
        }
        return puts("squashfs-root") < 0;
    }
    make_place();
    if (mounted()) {
        if (!strcmp(first, "--appimage-mount")) {
            puts(place);
            fflush(stdout);
            return pause();
        }
        return start(arguments);
    }
    fprintf(stderr, "medview: FUSE is not to be had here; unpacking into %s\n", place);
    signal(SIGTERM, pass_on);
    signal(SIGHUP, pass_on);
    if (unpack(place)) {
        perror(place);
        remove_place();
        return 127;
    }
    child = fork();
    if (child == 0) {
        signal(SIGTERM, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        _exit(ended ? 128 + ended : start(arguments));
    }
    signal(SIGINT, SIG_IGN);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    remove_place();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
