/* The listening side of `sideman bench stream`: many WebSocket clients in one thread, as cheap as they come, so that
 * what is measured is the server. Compiled by bridge/bench/stream_listeners.py with the system's compiler; POSIX.
 *
 *   stream_client ADDRESS PORT CLIENTS STUCK REQUEST
 *
 * opens CLIENTS connections to ws://ADDRESS:PORT/music and STUCK more that never read; each sends REQUEST (a text
 * message, or "" for none). Says "ready" on stdout, and listens until stdin ends. Then: a line of counts,
 *
 *   MESSAGES BYTES GAPS BROKEN LATENCIES
 *
 * and LATENCIES unsigned 32-bit numbers in the machine's order: ns from the stamp in an audio header (offset 24 of the
 * message, of this machine's monotonic clock) to when recv() had returned with its last byte. GAPS: audio messages
 * that did not begin at the frame at which the one before had ended. BROKEN: connections that the server ended.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

enum { ROOM = 1 << 17, HEADER = 32, MOST = 4096 };

struct client {
    int fd;
    uint8_t *held;     /* bytes of a message that is not whole yet */
    size_t count;
    uint64_t next;     /* frame at which the next audio message begins; 0: none came yet */
};

static uint32_t *latencies;
static size_t latency_count, latency_room;
static uint64_t messages, bytes, gaps, broken;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void audio(struct client *c, const uint8_t *data, size_t size, uint64_t at) {
    uint32_t frames;
    uint64_t frame0, stamp;
    if (size < HEADER || memcmp(data, "SMAN", 4)) return;
    memcpy(&frames, data + 12, 4);
    memcpy(&frame0, data + 16, 8);
    memcpy(&stamp, data + 24, 8);
    if (c->next && frame0 != c->next) gaps++;
    c->next = frame0 + frames;
    messages++;
    if (latency_count == latency_room) {
        latency_room = latency_room ? latency_room * 2 : 1 << 20;
        latencies = realloc(latencies, latency_room * sizeof *latencies);
        if (!latencies) fail("memory");
    }
    uint64_t late = at > stamp ? at - stamp : 0;
    latencies[latency_count++] = late > UINT32_MAX ? UINT32_MAX : (uint32_t)late;
}

/* Frames that are whole are taken off the front; what is left stays for the next recv(). */
static void parse(struct client *c, uint64_t at) {
    size_t from = 0;
    while (c->count - from >= 2) {
        const uint8_t *p = c->held + from;
        size_t head = 2, size = p[1] & 127;
        if (size == 126) head = 4;
        if (size == 127) head = 10;
        if (c->count - from < head) break;
        if (head == 4) size = (size_t)p[2] << 8 | p[3];
        if (head == 10) { size = 0; for (int i = 2; i < 10; i++) size = size << 8 | p[i]; }
        if (head + size > ROOM) { fprintf(stderr, "a message of %zu bytes is too long for this client\n", size); exit(1); }
        if (c->count - from < head + size) break;
        if ((p[0] & 15) == 2) audio(c, p + head, size, at);
        from += head + size;
    }
    memmove(c->held, c->held + from, c->count - from);
    c->count -= from;
}

static void take(struct client *c) {
    ssize_t got = recv(c->fd, c->held + c->count, ROOM - c->count, MSG_DONTWAIT);
    uint64_t at = now_ns();
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        broken++;
        close(c->fd);
        c->fd = -1;
        return;
    }
    bytes += (uint64_t)got;
    c->count += (size_t)got;
    parse(c, at);
}

static void put(int fd, const void *data, size_t size) {
    const char *p = data;
    while (size) {
        ssize_t n = send(fd, p, size, 0);
        if (n < 0) fail("send");
        p += n;
        size -= (size_t)n;
    }
}

/* Connected, upgraded, subscribed; what came behind the answer's blank line is kept. */
static void open_client(struct client *c, const char *address, int port, const char *request, int stuck) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, small = 4096;
    char head[512];
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1) { fprintf(stderr, "%s is no IPv4 address\n", address); exit(1); }
    c->held = malloc(ROOM);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || !c->held) fail("socket");
    if (stuck) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int n = snprintf(head, sizeof head,
        "GET /music HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", address, port);
    put(c->fd, head, (size_t)n);
    for (;;) {
        ssize_t got = recv(c->fd, c->held + c->count, ROOM - 1 - c->count, 0);
        if (got <= 0) fail("handshake");
        c->count += (size_t)got;
        c->held[c->count] = 0;
        uint8_t *end = (uint8_t *)strstr((char *)c->held, "\r\n\r\n");
        if (!end) continue;
        if (strncmp((char *)c->held, "HTTP/1.1 101", 12)) { fprintf(stderr, "refused: %s\n", c->held); exit(1); }
        size_t done = (size_t)(end + 4 - c->held);
        memmove(c->held, c->held + done, c->count - done);
        c->count -= done;
        break;
    }
    size_t size = strlen(request);
    if (!size) return;
    if (size > 65535) { fprintf(stderr, "the request is too long\n"); exit(1); }
    uint8_t frame[8] = {0x81, 0x80 | 126, (uint8_t)(size >> 8), (uint8_t)size, 0, 0, 0, 0}; /* masked with zeros */
    put(c->fd, frame, sizeof frame);
    put(c->fd, request, size);
}

int main(int argc, char **argv) {
    static struct client clients[MOST];
    if (argc != 6) { fprintf(stderr, "ADDRESS PORT CLIENTS STUCK REQUEST\n"); return 2; }
    int port = atoi(argv[2]), count = atoi(argv[3]), stuck = atoi(argv[4]);
    if (count < 0 || stuck < 0 || count + stuck > MOST) { fprintf(stderr, "at most %d clients\n", MOST); return 2; }
    for (int i = 0; i < count + stuck; i++) open_client(&clients[i], argv[1], port, argv[5], i >= count);
    printf("ready\n");
    fflush(stdout);
#ifdef __linux__
    int poller = epoll_create1(0);
    struct epoll_event found[MOST], in = {.events = EPOLLIN};
    for (int i = 0; i < count; i++) {
        in.data.u32 = (uint32_t)i;
        if (epoll_ctl(poller, EPOLL_CTL_ADD, clients[i].fd, &in) < 0) fail("epoll");
    }
    in.data.u32 = MOST;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, 0, &in) < 0) fail("epoll of stdin");
    for (int more = 1; more;) {
        int n = epoll_wait(poller, found, MOST, -1);
        for (int i = 0; i < n; i++) {
            if (found[i].data.u32 == MOST) more = 0;
            else if (clients[found[i].data.u32].fd >= 0) take(&clients[found[i].data.u32]);
        }
    }
#else
    static struct pollfd found[MOST + 1];
    for (int i = 0; i < count; i++) found[i] = (struct pollfd){clients[i].fd, POLLIN, 0};
    found[count] = (struct pollfd){0, POLLIN, 0};
    while (poll(found, (nfds_t)count + 1, -1) >= 0 && !found[count].revents)
        for (int i = 0; i < count; i++)
            if (found[i].revents) { take(&clients[i]); found[i].fd = clients[i].fd; }
#endif
    printf("%llu %llu %llu %llu %zu\n", (unsigned long long)messages, (unsigned long long)bytes,
           (unsigned long long)gaps, (unsigned long long)broken, latency_count);
    fwrite(latencies, sizeof *latencies, latency_count, stdout);
    return 0;
}
