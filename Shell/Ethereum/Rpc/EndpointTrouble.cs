namespace Nitro.Ethereum.Rpc;

/// <summary>What is wrong with an endpoint. All of it is weather: the caller waits and asks again.</summary>
public enum EndpointTrouble
{
    /// <summary>No connection, or it broke.</summary>
    Unreachable,

    /// <summary>No answer within the request time-out.</summary>
    TimedOut,

    /// <summary>The answer is longer than the configured bound.</summary>
    TooLarge,

    /// <summary>The answer is not the JSON that was asked for.</summary>
    Rubbish,

    /// <summary>The endpoint wants another token (HTTP 401 or 403).</summary>
    Unauthorised,
}
