#ifndef KAMAJI_CLINUX_H
#define KAMAJI_CLINUX_H
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* What Swift's Glibc leaves out. The twins spare Swift the packed struct with a union in it. */

static inline int kmj_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static inline int kmj_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, 0);
}

static inline uint64_t kmj_epoll_token(const struct epoll_event *event) {
    return event->data.u64;
}

static inline uint32_t kmj_epoll_flags(const struct epoll_event *event) {
    return event->events;
}

static const uint32_t kmj_epoll_in = EPOLLIN;
static const uint32_t kmj_epoll_out = EPOLLOUT;
static const uint32_t kmj_epoll_broken = EPOLLERR | EPOLLHUP;
static const uint32_t kmj_epoll_edges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
#endif
