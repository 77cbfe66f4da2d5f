/* A credit-control client made of freeDiameter's libraries: one session of CCR-I, CCR-U and CCR-T.
 *
 * usage: freediameter_client CONF PEER REALM MSISDN IMSI RATING_GROUP UPDATES SEND_DESTINATION_HOST(0|1)
 *
 * CONF is a freeDiameter configuration that loads dict_nasreq, dict_dcca and dict_dcca_3gpp and names PEER in ConnectPeer.
 * freeDiameter checks each answer against its dictionary's rules before it gives it to us, and drops what breaks them; here
 * the answer must further repeat Session-Id, CC-Request-Type, CC-Request-Number and both Proxy-Info of its request.
 * Prints one line an answer, "CCA type=1 number=0 result=2001 rating-group=10 mscc-result=2001 granted=1000000",
 * and ends with status 0 when all answers came and were right, 1 when one was not, 2 when there was no connection.
 */
#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdcore.h>
#include <freeDiameter/libfdproto.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CREDIT_CONTROL_APPLICATION 4
#define ANSWER_TIMEOUT_S 5
#define CONNECT_TIMEOUT_S 15
#define USED_OCTETS 1000

enum { INITIAL_REQUEST = 1, UPDATE_REQUEST = 2, TERMINATION_REQUEST = 3 };

static const char *realm, *peer, *msisdn, *imsi;
static uint32_t rating_group;
static int send_destination_host;
static uint8_t session_id[256];
static size_t session_id_length;
static const char *const proxy_states[2] = {"state of the first proxy", "second"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static struct msg *answer;

/* Everything freeDiameter says goes to stderr: stdout is for our own lines. */
static void log_to_stderr(int level, const char *format, va_list arguments)
{
	(void)level;
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

static void must(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "%s: %s\n", what, strerror(error));
		exit(3);
	}
}

static struct dict_object *model_of(const char *name)
{
	struct dict_object *model = NULL;
	must(fd_dict_search(fd_g_config->cnf_dict, DICT_AVP, AVP_BY_NAME_ALL_VENDORS, name, &model, ENOENT), name);
	return model;
}

static struct avp *add(msg_or_avp *parent, const char *name)
{
	struct avp *avp = NULL;
	must(fd_msg_avp_new(model_of(name), 0, &avp), name);
	must(fd_msg_avp_add(parent, MSG_BRW_LAST_CHILD, avp), name);
	return avp;
}

static void add_text(msg_or_avp *parent, const char *name, const char *text)
{
	union avp_value value;
	value.os.data = (uint8_t *)text;
	value.os.len = strlen(text);
	must(fd_msg_avp_setvalue(add(parent, name), &value), name);
}

static void add_u32(msg_or_avp *parent, const char *name, uint32_t number)
{
	union avp_value value;
	value.u32 = number;
	must(fd_msg_avp_setvalue(add(parent, name), &value), name);
}

static void add_u64(msg_or_avp *parent, const char *name, uint64_t number)
{
	union avp_value value;
	value.u64 = number;
	must(fd_msg_avp_setvalue(add(parent, name), &value), name);
}

static void add_session_id(struct msg *request)
{
	struct avp *avp = NULL;
	union avp_value value = {.os = {session_id, session_id_length}};
	must(fd_msg_avp_new(model_of("Session-Id"), 0, &avp), "Session-Id");
	must(fd_msg_avp_setvalue(avp, &value), "Session-Id");
	must(fd_msg_avp_add(request, MSG_BRW_FIRST_CHILD, avp), "Session-Id");
}

static void add_subscription(struct msg *request, uint32_t type, const char *data)
{
	struct avp *subscription = add(request, "Subscription-Id");
	add_u32(subscription, "Subscription-Id-Type", type);
	add_text(subscription, "Subscription-Id-Data", data);
}

static void add_services(struct msg *request, uint32_t type)
{
	struct avp *services = add(request, "Multiple-Services-Credit-Control");
	if (type != TERMINATION_REQUEST)
		add_u64(add(services, "Requested-Service-Unit"), "CC-Total-Octets", 1000000);
	if (type != INITIAL_REQUEST)
		add_u64(add(services, "Used-Service-Unit"), "CC-Total-Octets", USED_OCTETS);
	add_u32(services, "Rating-Group", rating_group);
}

static struct msg *new_request(uint32_t type, uint32_t number)
{
	struct dict_object *command = NULL;
	struct msg *request = NULL;
	struct msg_hdr *header;
	must(fd_dict_search(fd_g_config->cnf_dict, DICT_COMMAND, CMD_BY_NAME, "Credit-Control-Request", &command, ENOENT), "CCR");
	must(fd_msg_new(command, MSGFL_ALLOC_ETEID, &request), "message");
	must(fd_msg_hdr(request, &header), "header");
	header->msg_appl = CREDIT_CONTROL_APPLICATION;
	add_session_id(request);
	must(fd_msg_add_origin(request, 1), "origin");
	add_text(request, "Destination-Realm", realm);
	if (send_destination_host)
		add_text(request, "Destination-Host", peer);
	add_u32(request, "Auth-Application-Id", CREDIT_CONTROL_APPLICATION);
	add_text(request, "Service-Context-Id", "32251@3gpp.org");
	add_u32(request, "CC-Request-Type", type);
	add_u32(request, "CC-Request-Number", number);
	add_subscription(request, 0, msisdn);
	add_subscription(request, 1, imsi);
	if (type == INITIAL_REQUEST)
		add_u32(request, "Multiple-Services-Indicator", 1);
	if (type == TERMINATION_REQUEST)
		add_u32(request, "Termination-Cause", 1);
	add_services(request, type);
	for (int i = 0; i < 2; i++) {
		struct avp *proxy = add(request, "Proxy-Info");
		add_text(proxy, "Proxy-Host", i ? "proxy2.example.net" : "proxy1.example.net");
		add_text(proxy, "Proxy-State", proxy_states[i]);
	}
	return request;
}

static void take_answer(void *unused, struct msg **message)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	answer = *message;
	*message = NULL;
	pthread_cond_signal(&arrived);
	pthread_mutex_unlock(&lock);
}

static struct msg *exchange(struct msg *request)
{
	struct timespec until;
	struct msg *got;
	must(fd_msg_send(&request, take_answer, NULL), "send");
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ANSWER_TIMEOUT_S;
	pthread_mutex_lock(&lock);
	while (!answer && !pthread_cond_timedwait(&arrived, &lock, &until))
		;
	got = answer;
	answer = NULL;
	pthread_mutex_unlock(&lock);
	return got;
}

/* The n-th (from 0) child of that name, or NULL. */
static struct avp_hdr *child(msg_or_avp *parent, const char *name, int n, struct avp **found)
{
	struct dict_object *model = model_of(name);
	struct dict_avp_data data;
	struct avp_hdr *header;
	struct avp *avp = NULL;
	must(fd_dict_getval(model, &data), name);
	must(fd_msg_browse(parent, MSG_BRW_FIRST_CHILD, &avp, NULL), name);
	while (avp) {
		must(fd_msg_avp_hdr(avp, &header), name);
		if (header->avp_code == data.avp_code && header->avp_vendor == data.avp_vendor && n-- == 0) {
			if (found)
				*found = avp;
			return header;
		}
		must(fd_msg_browse(avp, MSG_BRW_NEXT, &avp, NULL), name);
	}
	return NULL;
}

static int64_t number_in(msg_or_avp *parent, const char *name)
{
	struct avp_hdr *header = parent ? child(parent, name, 0, NULL) : NULL;
	return header && header->avp_value ? (int64_t)header->avp_value->u32 : -1;
}

static int64_t granted_in(msg_or_avp *service)
{
	struct avp *granted = NULL;
	struct avp_hdr *octets;
	if (!service || !child(service, "Granted-Service-Unit", 0, &granted))
		return -1;
	octets = child(granted, "CC-Total-Octets", 0, NULL);
	return octets ? (int64_t)octets->avp_value->u64 : -1;
}

static int wrong(const char *what)
{
	printf("WRONG %s\n", what);
	return 1;
}

static int holds(struct avp_hdr *header, const void *octets, size_t length)
{
	return header && header->avp_value && header->avp_value->os.len == length
	       && !memcmp(header->avp_value->os.data, octets, length);
}

static int check_echo(struct msg *message, uint32_t type, uint32_t number)
{
	struct avp *first = NULL, *proxy = NULL;
	struct avp_hdr *header;
	int failures = 0;
	must(fd_msg_browse(message, MSG_BRW_FIRST_CHILD, &first, NULL), "first AVP");
	must(fd_msg_avp_hdr(first, &header), "first AVP");
	if (header->avp_code != 263 || !holds(header, session_id, session_id_length))
		failures += wrong("Session-Id is not first or not ours");
	if (number_in(message, "CC-Request-Type") != type || number_in(message, "CC-Request-Number") != number)
		failures += wrong("CC-Request-Type or CC-Request-Number");
	for (int i = 0; i < 2; i++)
		if (!child(message, "Proxy-Info", i, &proxy)
		    || !holds(child(proxy, "Proxy-State", 0, NULL), proxy_states[i], strlen(proxy_states[i])))
			failures += wrong("Proxy-Info is not echoed in order");
	return failures;
}

static int check(struct msg *message, uint32_t type, uint32_t number)
{
	struct fd_pei problem = {0};
	struct avp *service = NULL;
	int64_t result, service_result;
	int failures = 0;
	if (!message)
		return wrong("no answer, or one that breaks the dictionary's rules");
	if (fd_msg_parse_rules(message, fd_g_config->cnf_dict, &problem)) {
		printf("RULES %s\n", problem.pei_message ? problem.pei_message : problem.pei_errcode);
		failures++;
	}
	failures += check_echo(message, type, number);
	child(message, "Multiple-Services-Credit-Control", 0, &service);
	result = number_in(message, "Result-Code");
	service_result = number_in(service, "Result-Code");
	printf("CCA type=%u number=%u result=%lld rating-group=%lld mscc-result=%lld granted=%lld\n", type, number,
	       (long long)result, (long long)number_in(service, "Rating-Group"), (long long)service_result,
	       (long long)granted_in(service));
	if (result != 2001)
		failures += wrong("Result-Code");
	if (type != TERMINATION_REQUEST && number_in(service, "Rating-Group") != rating_group)
		failures += wrong("Rating-Group");
	if (type != TERMINATION_REQUEST && granted_in(service) <= 0)
		failures += wrong("nothing granted");
	fd_msg_free(message);
	return failures;
}

static int wait_until_open(void)
{
	struct peer_hdr *found;
	for (int tenths = 0; tenths < CONNECT_TIMEOUT_S * 10; tenths++) {
		found = NULL;
		if (!fd_peer_getbyid((char *)peer, strlen(peer), 1, &found) && found && fd_peer_get_state(found) == STATE_OPEN)
			return 1;
		usleep(100000);
	}
	return 0;
}

static void support_credit_control(void)
{
	struct dict_object *application = NULL;
	must(fd_dict_search(fd_g_config->cnf_dict, DICT_APPLICATION, APPLICATION_BY_NAME,
			    "Diameter Credit Control Application", &application, ENOENT), "application");
	must(fd_disp_app_support(application, NULL, 1, 0), "application");
}

static int run_session(uint32_t updates)
{
	uint32_t number = 0;
	int failures;
	session_id_length = (size_t)snprintf((char *)session_id, sizeof session_id, "%s;%u;%u;freediameter",
					     fd_g_config->cnf_diamid, (unsigned)time(NULL), (unsigned)getpid());
	failures = check(exchange(new_request(INITIAL_REQUEST, number)), INITIAL_REQUEST, number);
	while (number < updates) {
		number++;
		failures += check(exchange(new_request(UPDATE_REQUEST, number)), UPDATE_REQUEST, number);
	}
	number++;
	return failures + check(exchange(new_request(TERMINATION_REQUEST, number)), TERMINATION_REQUEST, number);
}

int main(int count, char **arguments)
{
	int status = 2;
	if (count != 9) {
		fputs("usage: freediameter_client CONF PEER REALM MSISDN IMSI RATING_GROUP UPDATES SEND_DESTINATION_HOST\n", stderr);
		return 3;
	}
	peer = arguments[2];
	realm = arguments[3];
	msisdn = arguments[4];
	imsi = arguments[5];
	rating_group = (uint32_t)strtoul(arguments[6], NULL, 10);
	send_destination_host = atoi(arguments[8]);
	must(fd_log_handler_register(log_to_stderr), "log");
	must(fd_core_initialize(), "initialize");
	must(fd_core_parseconf(arguments[1]), "configuration");
	support_credit_control();
	must(fd_core_start(), "start");
	must(fd_core_waitstartcomplete(), "start");
	if (wait_until_open())
		status = run_session((uint32_t)strtoul(arguments[7], NULL, 10)) ? 1 : 0;
	else
		fprintf(stderr, "%s did not open\n", peer);
	fd_core_shutdown();
	fd_core_wait_shutdown_complete();
	fflush(stdout);
	return status;
}
