using System.Diagnostics;

/// <summary>
/// Loaded by the runtime into a program under test (DOTNET_STARTUP_HOOKS): kills it, for real, at the step that a file names. The file has
/// "source/step edge nth"; it is looked at when a step begins (edge "start") or ends ("stop"), and counted from its appearance on.
/// </summary>
internal static class StartupHook
{
    private static readonly Lock Gate = new();
    private static string order = "";
    private static int passed;

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("KILL_AT_FILE") is not { } file)
        {
            return;
        }

        ActivitySource.AddActivityListener(new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Nitro.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => Pass(file, $"{activity.Source.Name}/{activity.OperationName} start"),
            ActivityStopped = activity => Pass(file, $"{activity.Source.Name}/{activity.OperationName} stop"),
        });
    }

    private static void Pass(string file, string step)
    {
        lock (Gate)
        {
            if (Wanted(file) is not { } wanted)
            {
                return;
            }

            if (wanted != order)
            {
                (order, passed) = (wanted, 0);
            }

            if (wanted.StartsWith(step + " ", StringComparison.Ordinal) && ++passed == int.Parse(wanted[(step.Length + 1)..], null))
            {
                Process.GetCurrentProcess().Kill();
            }
        }
    }

    /// <summary>Null where nothing is ordered; who ordered it may be taking it back just now.</summary>
    private static string? Wanted(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
