using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>The errors this room answers itself. Codes and messages are go-nitro's; tag and next step are ours.</summary>
internal static class Problems
{
    public static NodeProblem Parse { get; } =
        new(-32700, "Parse error", "parse", "send one JSON object, in UTF-8");

    public static NodeProblem NotAnObject { get; } =
        new(-32010, "Could not unmarshal request object", "request", "send one JSON object");

    public static NodeProblem Batch { get; } =
        new(-32600, "Invalid Request: batches are not supported", "batch", "send each request by itself");

    public static NodeProblem InvalidRequest { get; } =
        new(-32600, "Invalid Request", "request", "send {\"jsonrpc\":\"2.0\",\"id\":<number>,\"method\":\"...\",\"params\":{...}}");

    public static NodeProblem UnknownMethod { get; } =
        new(-32601, "Method not found", "method", "compare the method's name with the API's documentation");

    public static NodeProblem ParamsDoNotFit { get; } =
        new(-32009, "Could not unmarshal params object", "params", "send params as {\"authtoken\":\"...\",\"payload\":{...}}");

    public static NodeProblem Token { get; } =
        new(-32008, "Invalid auth token", "token", "call get_auth_token and send its result as params.authtoken");

    public static NodeProblem Secret { get; } =
        new(-32008, "Invalid auth token", "secret", "send the text of the node's token key file as params.payload.Secret");

    public static NodeProblem RequestId { get; } =
        new(-32602, "Invalid params", "request-id", "params.requestId takes 16-64 characters of A-Z a-z 0-9 _ - . :");

    public static NodeProblem ClientName { get; } =
        new(-32602, "Invalid params", "client-id", "params.payload.Id takes at most 256 characters");

    public static NodeProblem Signed { get; } = new(
        -32012, "Unauthenticated: params.signed is partial or malformed", "signature-partial", "send signed as {\"envelope\":<base64>,\"signature\":<base64>}, or leave it out");

    public static NodeProblem Internal { get; } =
        new(-32603, "the node failed on this request", "internal", "see the node's log; it names the cause");

    public static NodeProblem TooLarge(int limit) =>
        new(-32600, $"Invalid Request: larger than {limit} bytes", "too-large", "send a smaller request");

    public static NodeProblem Framing(string cause) =>
        new(-32700, $"Parse error: {cause}", "framing", "send 'Content-Length: <bytes>', an empty line and the JSON, or one JSON a line");
}
