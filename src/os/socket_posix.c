#include "os/socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <uv.h>

bool azm_socket_all_sent(const struct uv_tcp_s *tcp)
{
    uv_os_fd_t fd;
    int unsent = 0;
    if (uv_fileno((const uv_handle_t *)tcp, &fd) != 0 || ioctl(fd, SIOCOUTQNSD, &unsent) != 0)
        return true;
    return unsent == 0;
}
