namespace Nitro.Cli.Demo;

/// <summary>Shows one step. Safe from any thread.</summary>
internal interface IStepView
{
    /// <summary>What is being waited for.</summary>
    void Waiting(string what);

    /// <summary>So much of so much is done.</summary>
    void Progress(int done, int total);

    /// <summary>It is over; <paramref name="outcome"/> in a few words.</summary>
    void End(bool succeeded, TimeSpan time, string outcome);
}
