namespace Nitro.JsonRpc;

/// <summary>How messages are told apart on a byte stream.</summary>
internal enum StdioFraming
{
    /// <summary><c>Content-Length: n</c>, an empty line, n bytes.</summary>
    Header,

    /// <summary>One JSON text a line.</summary>
    Line,
}
